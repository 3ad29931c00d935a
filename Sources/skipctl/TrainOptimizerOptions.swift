import ArgumentParser
import SkipRNNTraining

/// How `skipctl train` trains.
struct TrainOptimizerOptions: ParsableArguments {
    @Option(help: "λ, the cost of one update.")
    var costPerSample = 0.0
    @Option(help: "An update rate to reach by adapting λ while training, such as 0.1.")
    var targetUpdateRate: Double?
    @Option(help: "Where the loss is taken: last (timestep) or updates.")
    var loss = LossPlace.last
    @Option(help: "Sequences of a batch.")
    var batch = 256
    @Option(help: "Epochs; of the adding and frequency tasks one is 300 iterations.")
    var epochs = 100
    @Option(help: "Adam's learning rate.")
    var learningRate = 1e-4
    @Option(help: ArgumentHelp("How it changes: constant, cosine or step:N (a tenth after each N epochs).", valueName: "schedule"))
    var schedule = LearningRateSchedule.constant
    @Option(help: "The largest global norm of a gradient; 0 for no bound.")
    var clip = 1.0
    @Option(help: "The share that each weight loses in a step, times the learning rate (decoupled weight decay).")
    var weightDecay = 0.0
    @Option(help: "Epochs without a better validation until training stops.")
    var patience: Int?
    @Option(help: "The same seed gives the same model.")
    var seed: UInt64 = 1
    @Option(help: "Threads, 1 or 2; the number changes no bit of the model.")
    var threads = 2

    func validate() throws {
        guard costPerSample >= 0, costPerSample.isFinite else { throw ValidationError("--cost-per-sample must be 0 or more") }
        guard targetUpdateRate.map({ $0 > 0 && $0 <= 1 }) ?? true else { throw ValidationError("--target-update-rate must be above 0 and at most 1") }
        guard batch > 0, epochs > 0 else { throw ValidationError("--batch and --epochs must be whole numbers from 1 up") }
        guard learningRate > 0, learningRate.isFinite else { throw ValidationError("--learning-rate must be above 0") }
        guard (0...10).contains(weightDecay) else { throw ValidationError("--weight-decay must be from 0 to 10") }
        guard clip >= 0, (1...2).contains(threads) else { throw ValidationError("--clip must be 0 or more, --threads 1 or 2") }
    }

    var options: TrainingOptions {
        var options = TrainingOptions()
        options.seed = seed
        options.epochs = epochs
        options.learningRate = learningRate
        options.schedule = schedule
        options.clip = clip
        options.weightDecay = weightDecay
        options.costPerUpdate = costPerSample
        options.targetUpdateRate = targetUpdateRate
        options.lossPlace = loss
        options.patience = patience
        options.threads = threads
        return options
    }
}
