/// Everything that an interrupted training needs to go on as if nothing had happened.
public struct TrainingState: Sendable, Equatable {
    /// One epoch of the learning curves.
    public struct Epoch: Sendable, Equatable {
        public var training = BatchResult()
        /// nil where nothing is held out.
        public var validation: BatchResult?
        /// λ at the epoch's end.
        public var costPerUpdate = 0.0
        public var learningRate = 0.0

        public init() {}
    }

    public var parameters: Parameters
    public var adam: Adam
    /// λ as it is now.
    public var costPerUpdate: Double
    /// The smoothed update rate that λ is adapted by.
    var smoothedUpdateRate = 1.0
    /// Epochs done, and steps done of the running one.
    public internal(set) var epoch = 0
    public internal(set) var step = 0
    /// Sums over the running epoch's batches.
    var running = BatchResult()
    public internal(set) var history: [Epoch] = []
    /// The best epoch's parameters, where a validation part decides.
    public internal(set) var best: Parameters?
    public internal(set) var bestEpoch = 0
    var bestScore = Double.infinity
    /// The first epoch after which the task counted as solved.
    public internal(set) var solvedEpoch: Int?
    /// Steps taken in all.
    public var steps: Int { adam.steps }

    /// The beginning of a training.
    public init(_ parameters: Parameters, _ options: TrainingOptions) {
        self.parameters = parameters
        adam = Adam(count: parameters.values.count, learningRate: options.learningRate, clip: options.clip)
        costPerUpdate = options.targetUpdateRate == nil ? options.costPerUpdate : max(options.costPerUpdate, 1e-5)
    }
}
