/// Sequences that are trained on together, of any lengths, padded at their ends.
public struct Batch: Sendable {
    /// T, of the longest sequence.
    public var timesteps: Int
    /// B.
    public var count: Int
    /// F.
    public var features: Int
    /// (T, B, F), normalised; zero past a sequence's end.
    public var samples: [Float]
    /// (B).
    public var lengths: [Int]
    /// (B): classes; empty for regression.
    public var classes: [Int] = []
    /// (B, C): targets; empty for classification.
    public var targets: [Float] = []
    /// (T, B): 1 where a cell without a gate updates; empty for everywhere. The `p_skip` baselines.
    public var forcedUpdates: [UInt8] = []
    /// (B): what each sequence's update probability increments are divided by, 1 or more; empty for 1 everywhere.
    public var stretches: [Float] = []

    /// An all-zero batch.
    public init(timesteps: Int, count: Int, features: Int) {
        self.timesteps = timesteps
        self.count = count
        self.features = features
        samples = [Float](repeating: 0, count: timesteps * count * features)
        lengths = [Int](repeating: timesteps, count: count)
    }

    /// Puts sequences of F features a timestep together.
    public init(_ sequences: [ArraySlice<Float>], features: Int) {
        let lengths = sequences.map { $0.count / features }
        self.init(timesteps: lengths.max() ?? 0, count: sequences.count, features: features)
        self.lengths = lengths
        for (row, sequence) in sequences.enumerated() {
            for (index, value) in sequence.enumerated() { samples[((index / features) * count + row) * features + index % features] = value }
        }
    }
}

/// Where a sequence's task loss is taken.
public enum LossPlace: String, Sendable, CaseIterable {
    /// At its last timestep.
    case last
    /// At every update, averaged over the sequence's updates.
    case updates
}

/// What a batch came to. Sums, so that parts and batches can be added.
public struct BatchResult: Sendable, Equatable {
    /// Mean task loss over the batch: cross-entropy, or half the squared error.
    public var taskLoss = 0.0
    /// λ times the mean number of updates.
    public var budgetLoss = 0.0
    /// Sequences.
    public var sequences = 0
    /// Timesteps, without padding.
    public var timesteps = 0
    public var updates = 0
    /// The two for the sequences without a stretch alone.
    public var plainTimesteps = 0
    public var plainUpdates = 0
    /// Sequences whose class at the last timestep is right.
    public var correct = 0
    /// Σ (output − target)² over sequences and outputs at the last timestep.
    public var squaredError = 0.0

    public init() {}

    /// Task loss and budget loss.
    public var loss: Double { taskLoss + budgetLoss }
    public var updateRate: Double { timesteps > 0 ? Double(updates) / Double(timesteps) : 0 }
    /// Of the sequences without a stretch: what a wanted update rate is held against; nil where all have one.
    public var plainUpdateRate: Double? { plainTimesteps > 0 ? Double(plainUpdates) / Double(plainTimesteps) : nil }
    public var accuracy: Double { sequences > 0 ? Double(correct) / Double(sequences) : 0 }

    mutating func add(_ other: BatchResult) {
        taskLoss += other.taskLoss
        budgetLoss += other.budgetLoss
        sequences += other.sequences
        timesteps += other.timesteps
        updates += other.updates
        plainTimesteps += other.plainTimesteps
        plainUpdates += other.plainUpdates
        correct += other.correct
        squaredError += other.squaredError
    }
}
