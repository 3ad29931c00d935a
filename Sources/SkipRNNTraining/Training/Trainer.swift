import SkipRNN

/// Trains a model: batches from a source, gradients from the network, Adam; validation after each epoch.
///
///     var trainer = Trainer(source, parameters, options)
///     try trainer.run { progress in … ; return .goOn }
///     let model = trainer.result
public struct Trainer {
    /// How far a training has come.
    public struct Progress: Sendable {
        public var epoch: Int
        public var step: Int
        public var stepsPerEpoch: Int
        public var epochs: Int
        /// Of the running epoch so far.
        public var running: BatchResult
        public var costPerUpdate: Double
        /// The epoch that has just ended; nil within one.
        public var finished: TrainingState.Epoch?
    }

    /// What a caller of `run` wants after a step.
    public enum Wish: Sendable { case goOn, stop }

    /// Why `run` returned.
    public enum Ending: Sendable, Equatable {
        /// All epochs are done, or early stopping or the solved task ended them.
        case done
        /// The caller wanted it; `state` can be continued.
        case stopped
    }

    public let options: TrainingOptions
    public private(set) var state: TrainingState
    private let source: any BatchSource
    private let network: Network

    /// Begins a training.
    public init(_ source: any BatchSource, _ parameters: Parameters, _ options: TrainingOptions) {
        self.init(source, state: TrainingState(parameters, options), options)
    }

    /// Continues one.
    public init(_ source: any BatchSource, state: TrainingState, _ options: TrainingOptions) {
        self.source = source
        self.options = options
        self.state = state
        network = Network(state.parameters.architecture)
    }

    /// The trained parameters: the best epoch's by validation, or the last.
    public var result: Parameters { state.best ?? state.parameters }

    /// Trains to the end, or until `progress` wants to stop. `progress` is called after every step.
    /// - Throws: `TrainingError` where the loss is no longer finite.
    public mutating func run(_ progress: (Progress, TrainingState) throws -> Wish) throws -> Ending {
        while !isDone {
            let length = source.stepsPerEpoch
            while state.step < length {
                try takeStep(of: length)
                let isLast = state.step == length
                if isLast { finishEpoch() }
                let report = Progress(
                    epoch: isLast ? state.epoch - 1 : state.epoch, step: isLast ? length : state.step, stepsPerEpoch: length, epochs: options.epochs,
                    running: isLast ? state.history[state.history.count - 1].training : state.running,
                    costPerUpdate: state.costPerUpdate, finished: isLast ? state.history.last : nil)
                let wish = try progress(report, state)
                if wish == .stop { return isDone ? .done : .stopped }
                if isLast { break }
            }
        }
        return .done
    }

    /// A Boolean value indicating whether there is nothing left to do.
    public var isDone: Bool {
        if state.epoch >= options.epochs { return true }
        if options.stopsWhenSolved, state.solvedEpoch != nil { return true }
        guard let patience = options.patience, state.best != nil, state.step == 0 else { return false }
        return state.epoch - state.bestEpoch > patience
    }

    private mutating func takeStep(of length: Int) throws {
        let batch = source.batch(epoch: state.epoch, step: state.step)
        network.update(state.parameters)
        var gradient = state.parameters.zeros
        let loss = LossOptions(costPerUpdate: Float(state.costPerUpdate), place: options.lossPlace)
        var result = network.run(batch, loss, gradient: &gradient, threads: options.threads)
        guard result.loss.isFinite, gradient.values.allSatisfy(\.isFinite) else {
            throw TrainingError("the loss or its gradient is no longer finite in epoch \(state.epoch + 1), step \(state.step + 1); a lower --learning-rate or --clip may help")
        }
        let place = Double(state.epoch) + Double(state.step) / Double(length)
        state.adam.learningRate = options.learningRate * options.schedule.factor(epoch: place, of: options.epochs)
        state.adam.step(&state.parameters.values, gradient: gradient.values)
        if options.weightDecay > 0 { state.parameters.decay(by: Float(options.weightDecay * state.adam.learningRate)) }
        if let rate = options.targetUpdateRate, let measured = result.plainUpdateRate, state.parameters.architecture.cell.hasStateUpdateGate {
            state.costPerUpdate = UpdateRateTarget(rate: rate, steps: options.epochs * length).adapt(state.costPerUpdate, smoothed: &state.smoothedUpdateRate, measured: measured)
        }
        // Means over a batch become sums over sequences, so that an epoch's mean is over its sequences.
        result.taskLoss *= Double(result.sequences)
        result.budgetLoss *= Double(result.sequences)
        state.running.add(result)
        state.step += 1
    }

    private mutating func finishEpoch() {
        var epoch = TrainingState.Epoch()
        epoch.training = state.running.averaged
        epoch.costPerUpdate = state.costPerUpdate
        epoch.learningRate = state.adam.learningRate
        if source.validationBatches > 0 {
            let validation = validate()
            epoch.validation = validation
            choose(validation)
            if state.solvedEpoch == nil, source.isSolved(validation) { state.solvedEpoch = state.epoch + 1 }
        }
        state.history.append(epoch)
        state.running = BatchResult()
        state.epoch += 1
        state.step = 0
    }

    /// Runs the validation part with the parameters as they are.
    private func validate() -> BatchResult {
        network.update(state.parameters)
        var total = BatchResult()
        let loss = LossOptions(costPerUpdate: Float(state.costPerUpdate), place: options.lossPlace)
        for index in 0..<source.validationBatches {
            var result = network.run(source.validationBatch(epoch: state.epoch, index: index), loss, threads: options.threads)
            result.taskLoss *= Double(result.sequences)
            result.budgetLoss *= Double(result.sequences)
            total.add(result)
        }
        return total.averaged
    }

    /// Keeps the parameters where they are the best so far: by loss, or, where an update rate is wanted, first by how far
    /// they are above it and then by the task's loss.
    private mutating func choose(_ validation: BatchResult) {
        var score = validation.loss
        if let rate = options.targetUpdateRate, state.parameters.architecture.cell.hasStateUpdateGate {
            let excess = max(0, validation.updateRate - rate)
            score = validation.taskLoss + (excess > 0 ? 1e3 * (1 + excess) : 0)
        }
        guard score < state.bestScore else { return }
        state.bestScore = score
        state.best = state.parameters
        state.bestEpoch = state.epoch + 1
    }
}

extension BatchResult {
    /// Sums over sequences as means.
    var averaged: BatchResult {
        var result = self
        result.taskLoss /= Double(max(sequences, 1))
        result.budgetLoss /= Double(max(sequences, 1))
        return result
    }
}
