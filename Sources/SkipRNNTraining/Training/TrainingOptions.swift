/// How a model is trained.
public struct TrainingOptions: Sendable, Equatable {
    /// The same seed gives the same model, bit for bit, on the same kind of machine. The default is 1.
    public var seed: UInt64 = 1
    /// The default is 100.
    public var epochs = 100
    /// η. The default is the paper's, 1e-4.
    public var learningRate = 1e-4
    /// The default is constant.
    public var schedule = LearningRateSchedule.constant
    /// The largest global norm of a gradient, 0 for no bound. The default is 1.
    public var clip = 1.0
    /// The share that each weight loses in a step, times the learning rate; biases and the initial state lose nothing. The default is 0.
    public var weightDecay = 0.0
    /// λ: what one update costs. The default is 0.
    public var costPerUpdate = 0.0
    /// The update rate to reach by adapting λ; nil for a fixed λ. The default is nil.
    public var targetUpdateRate: Double?
    /// The default is the last timestep.
    public var lossPlace = LossPlace.last
    /// Epochs without a better validation loss until training stops; nil for never. The default is nil.
    public var patience: Int?
    /// Whether training stops when the task is solved as its source defines it. The default is false.
    public var stopsWhenSolved = false
    /// 1 or 2; changes no bit of the result. The default is 2.
    public var threads = 2

    public init() {}

    /// What must be equal for a checkpoint to be continued.
    public var identityForCheckpoint: String {
        "seed \(seed), weight decay \(weightDecay), epochs \(epochs), learning rate \(learningRate), schedule \(schedule), clip \(clip), cost \(costPerUpdate), "
            + "target \(targetUpdateRate.map { "\($0)" } ?? "none"), loss \(lossPlace.rawValue), patience \(patience.map { "\($0)" } ?? "none"), solved \(stopsWhenSolved)"
    }
}
