// A training's state as a safetensors file, written after the model's own manner: aside, then renamed into place. All
// numbers are stored exactly, so that a continued training equals an uninterrupted one bit for bit.

public import SkipRNN

extension TrainingState {
    private static let format = "skip-training"

    /// Writes the state.
    /// - Parameter identity: what must be equal for the file to be continued: options, model and data.
    public func write(to path: String, identity: String) throws(FileFormatError) {
        var metadata = ["format": Self.format, "version": "2", "identity": identity]
        metadata["epoch"] = String(epoch)
        metadata["step"] = String(step)
        metadata["adam.steps"] = String(adam.steps)
        metadata["best_epoch"] = String(bestEpoch)
        metadata["solved_epoch"] = solvedEpoch.map { String($0) }
        metadata["doubles"] = Self.hexadecimal([costPerUpdate, smoothedUpdateRate, bestScore, adam.learningRate])
        metadata["running"] = Self.text(running)
        metadata["history"] = history.map { epoch in
            "\(Self.text(epoch.training));\(epoch.validation.map { Self.text($0) } ?? "");\(Self.hexadecimal([epoch.costPerUpdate, epoch.learningRate]))"
        }.joined(separator: "\n")
        var writer = SafetensorsWriter(metadata: metadata)
        writer.add("parameters", shape: [parameters.values.count], floats: parameters.values)
        writer.add("adam.first", shape: [parameters.values.count], floats: adam.first)
        writer.add("adam.second", shape: [parameters.values.count], floats: adam.second)
        if let best { writer.add("best", shape: [best.values.count], floats: best.values) }
        try writer.write(to: path)
    }

    /// Reads a state.
    /// - Parameters:
    ///   - initial: the beginning of the same training, for its shapes and options.
    ///   - identity: what `write` was given.
    /// - Throws: `FileFormatError` where the file is damaged or of another training.
    public init(contentsOf path: String, initial: TrainingState, identity: String) throws(FileFormatError) {
        let file = try Safetensors(contentsOf: path)
        let metadata = file.metadata
        guard metadata["format"] == Self.format, metadata["version"] == "2" else { throw FileFormatError(path, "is not a training's checkpoint") }
        guard metadata["identity"] == identity else {
            throw FileFormatError(path, "is the checkpoint of another training (other options, data or model); give the same ones, or begin anew without --resume")
        }
        self = initial
        let count = initial.parameters.values.count
        func damaged(_ what: String) -> FileFormatError { FileFormatError(path, "is damaged: \(what) can't be read") }
        guard let values = file.floats("parameters"), let first = file.floats("adam.first"), let second = file.floats("adam.second"),
              values.count == count, first.count == count, second.count == count else { throw damaged("its tensors") }
        parameters.values = values
        adam.first = first
        adam.second = second
        if let values = file.floats("best"), values.count == count {
            var best = parameters
            best.values = values
            self.best = best
        }
        guard let epoch = metadata["epoch"].flatMap({ Int($0) }), let step = metadata["step"].flatMap({ Int($0) }), let steps = metadata["adam.steps"].flatMap({ Int($0) }),
              let bestEpoch = metadata["best_epoch"].flatMap({ Int($0) }), let doubles = metadata["doubles"].flatMap({ Self.doubles($0) }), doubles.count == 4,
              let running = metadata["running"].flatMap({ Self.result($0) }) else { throw damaged("its place") }
        self.epoch = epoch
        self.step = step
        self.bestEpoch = bestEpoch
        self.running = running
        adam.steps = steps
        solvedEpoch = metadata["solved_epoch"].flatMap { Int($0) }
        (costPerUpdate, smoothedUpdateRate, bestScore, adam.learningRate) = (doubles[0], doubles[1], doubles[2], doubles[3])
        history = []
        for line in (metadata["history"] ?? "").split(separator: "\n") {
            let parts = line.split(separator: ";", omittingEmptySubsequences: false).map { String($0) }
            guard parts.count == 3, let training = Self.result(parts[0]), let rates = Self.doubles(parts[2]), rates.count == 2 else { throw damaged("its history") }
            var epoch = Epoch()
            epoch.training = training
            epoch.validation = parts[1].isEmpty ? nil : Self.result(parts[1])
            (epoch.costPerUpdate, epoch.learningRate) = (rates[0], rates[1])
            history.append(epoch)
        }
    }

    private static func text(_ result: BatchResult) -> String {
        "\(result.sequences),\(result.timesteps),\(result.updates),\(result.correct),\(result.plainTimesteps),\(result.plainUpdates),\(hexadecimal([result.taskLoss, result.budgetLoss, result.squaredError]))"
    }

    private static func result(_ text: String) -> BatchResult? {
        let parts = text.split(separator: ",").map { String($0) }
        guard parts.count == 9, let doubles = doubles(parts[6...].joined(separator: ",")) else { return nil }
        let counts = parts[..<6].compactMap { Int($0) }
        guard counts.count == 6 else { return nil }
        var result = BatchResult()
        (result.sequences, result.timesteps, result.updates, result.correct) = (counts[0], counts[1], counts[2], counts[3])
        (result.plainTimesteps, result.plainUpdates) = (counts[4], counts[5])
        (result.taskLoss, result.budgetLoss, result.squaredError) = (doubles[0], doubles[1], doubles[2])
        return result
    }

    /// Bit patterns: exact, also for infinity.
    private static func hexadecimal(_ values: [Double]) -> String { values.map { String($0.bitPattern, radix: 16) }.joined(separator: ",") }

    private static func doubles(_ text: String) -> [Double]? {
        let patterns = text.split(separator: ",").map { UInt64($0, radix: 16) }
        return patterns.contains(nil) ? nil : patterns.compactMap { $0.map { Double(bitPattern: $0) } }
    }
}
