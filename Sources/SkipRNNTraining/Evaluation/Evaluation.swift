public import SkipRNN

/// How a model does on labelled sequences, run as skipd runs it: timestep by timestep, only where an update is due.
public struct Evaluation: Sendable {
    /// Class names; for regression empty.
    public var labels: [String]
    /// (C, C): sequences of a true class (row) taken for a class (column) at their last timestep.
    public var confusion: [[Int]]
    /// (C): of each true class; for regression one entry.
    public var updates: [Int]
    public var timesteps: [Int]
    /// Σ (output − target)².
    public var squaredError = 0.0
    /// Mean cross-entropy, or mean of half the squared error.
    public var loss = 0.0
    public var sequences = 0

    public var correct: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }
    public var accuracy: Double { sequences > 0 ? Double(correct) / Double(sequences) : 0 }
    public var updateRate: Double { Double(updates.reduce(0, +)) / Double(max(timesteps.reduce(0, +), 1)) }
    public var meanUpdates: Double { Double(updates.reduce(0, +)) / Double(max(sequences, 1)) }

    /// The accuracy of one class; nil where it has no sequence.
    public func accuracy(of label: Int) -> Double? {
        let total = confusion[label].reduce(0, +)
        return total > 0 ? Double(confusion[label][label]) / Double(total) : nil
    }

    /// The update rate of one class; nil where it has no timestep.
    public func updateRate(of label: Int) -> Double? { timesteps[label] > 0 ? Double(updates[label]) / Double(timesteps[label]) : nil }

    /// Runs a model over windows of some recordings.
    /// - Parameters:
    ///   - stretch: what each update probability increment is divided by.
    ///   - chosen: the recordings, by number.
    ///   - skipProbability: for cells without a gate, the probability that a timestep is skipped: the paper's `p_skip` baselines, which are judged as
    ///     they were trained.
    ///   - seed: of what is skipped.
    /// - Throws: `FileFormatError` where recordings and model don't fit, or a value is not finite.
    public init(_ model: Model, _ recordings: Recordings, _ chosen: [Int], _ options: WindowOptions, stretch: Float = 1, skipProbability: Double = 0, seed: UInt64 = 1) throws(FileFormatError) {
        let architecture = model.architecture
        try recordings.check(fits: architecture)
        labels = model.metadata.labels
        let classes = architecture.task == .classification ? architecture.outputSize : 1
        confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        updates = [Int](repeating: 0, count: classes)
        timesteps = updates
        let gate = model.gateOptions(stretch: stretch)
        var random = SeededRandom(seed, -4)
        for window in try options.windows(recordings, chosen) {
            var inference = Inference(model, options: gate)
            let label = recordings.classes?[window.recording] ?? 0
            for t in Swift.stride(from: window.start, to: window.start + window.length, by: options.every) {
                timesteps[label] += 1
                if skipProbability > 0 && random.uniform() < skipProbability { continue }
                if inference.step(recordings.timestep(t)) == .updated { updates[label] += 1 }
            }
            sequences += 1
            judge(inference, recordings, window, label)
        }
        loss /= Double(max(sequences, 1))
    }

    private mutating func judge(_ inference: Inference, _ recordings: Recordings, _ window: Window, _ label: Int) {
        if inference.model.architecture.task == .classification {
            let probabilities = inference.probabilities
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            confusion[label][best] += 1
            loss -= logarithm(max(Double(probabilities[label]), 1e-30))
        } else if let targets = recordings.targets {
            let outputs = targets.count / recordings.count
            for (output, target) in zip(inference.logits, targets[(window.recording * outputs)...]) {
                squaredError += Double(output - target) * Double(output - target)
                loss += 0.5 * Double(output - target) * Double(output - target)
            }
        }
    }

    /// Adds another evaluation of the same classes: another person's, say.
    public mutating func add(_ other: Evaluation) {
        loss = (loss * Double(sequences) + other.loss * Double(other.sequences)) / Double(max(sequences + other.sequences, 1))
        for row in confusion.indices { for column in confusion.indices { confusion[row][column] += other.confusion[row][column] } }
        for label in updates.indices {
            updates[label] += other.updates[label]
            timesteps[label] += other.timesteps[label]
        }
        squaredError += other.squaredError
        sequences += other.sequences
    }
}
