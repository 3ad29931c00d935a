import SkipRNN
import SkipRNNTraining

/// One training from its first step, or its checkpoint, to its end: progress, checkpoints, interruption.
struct TrainSession {
    let command: TrainCommand
    let source: any BatchSource
    /// What the training begins with.
    let parameters: Parameters
    /// What the progress bar and the JSON objects call it; empty for the only one.
    let title: String
    let checkpoint: String

    private var architecture: Architecture { parameters.architecture }

    /// Trains.
    /// - Throws: one sentence where the training was interrupted; the checkpoint is written then.
    func run(_ output: inout StandardOutput) throws -> Trainer {
        let options = command.trainingOptions
        let initial = TrainingState(parameters, options)
        let identity = "\(options.identityForCheckpoint); \(architecture); \(source.identity); begins with \(parameters.fingerprint)"
        let state = try command.resume && exists(checkpoint) ? TrainingState(contentsOf: checkpoint, initial: initial, identity: identity) : initial
        // Before anything is computed: a folder that is missing or full is said now, not after hours.
        try state.write(to: checkpoint, identity: identity)
        var trainer = Trainer(source, state: state, options)
        var bar = TrainProgressBar(title: title.isEmpty ? "" : "\(title) ", task: architecture.task)
        var lastCheckpoint = monotonicSeconds()
        var epochBegin = lastCheckpoint
        let ending = try trainer.run { progress, state in
            bar.show(progress)
            if command.json, let epoch = progress.finished {
                // Written at once: who reads along wants each epoch when it ends.
                var text = StandardOutput()
                try text.line(object(progress, epoch, seconds: monotonicSeconds() - epochBegin))
                try text.flush()
            }
            if progress.finished != nil { epochBegin = monotonicSeconds() }
            let isInterrupted = TrainInterrupt.isRequested
            if isInterrupted || monotonicSeconds() - lastCheckpoint >= command.checkpointInterval {
                try state.write(to: checkpoint, identity: identity)
                lastCheckpoint = monotonicSeconds()
            }
            return isInterrupted ? .stop : .goOn
        }
        bar.end()
        if ending == .stopped {
            throw CommandFailure("interrupted in epoch \(trainer.state.epoch + 1) of \(options.epochs); \(checkpoint) holds the training, the same command with --resume goes on, and no model was written")
        }
        // So that a training of many parts, interrupted in a later one, need not repeat this one.
        try trainer.state.write(to: checkpoint, identity: identity)
        return trainer
    }

    private func object(_ progress: Trainer.Progress, _ epoch: TrainingState.Epoch, seconds: Double) -> JSONObject {
        var object = JSONObject()
        if !title.isEmpty { object.add("part", title) }
        object.add("epoch", progress.epoch + 1)
        object.add("loss", epoch.training.loss)
        add(epoch.training, "training", &object)
        if let validation = epoch.validation {
            object.add("validation_loss", validation.loss)
            add(validation, "validation", &object)
        }
        object.add("cost_per_sample", epoch.costPerUpdate)
        object.add("learning_rate", epoch.learningRate)
        object.add("seconds", seconds)
        return object
    }

    private func add(_ result: BatchResult, _ prefix: String, _ object: inout JSONObject) {
        if architecture.task == .classification {
            object.add("\(prefix)_accuracy", result.accuracy)
        } else {
            object.add("\(prefix)_squared_error", result.squaredError / Double(max(result.sequences, 1)))
        }
        object.add("\(prefix)_update_rate", result.updateRate)
    }
}
