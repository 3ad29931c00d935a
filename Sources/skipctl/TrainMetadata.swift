import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// What a model file records about its training.
struct TrainMetadata {
    let values: [String: String]

    init(_ command: TrainCommand, _ trainer: Trainer) {
        let options = command.trainingOptions
        var values = [
            "tool": "skipctl \(Skipctl.configuration.version)", "seed": String(options.seed), "epochs": String(trainer.state.epoch),
            "learning_rate": "\(options.learningRate)", "batch": String(command.optimizerOptions.batch), "loss": options.lossPlace.rawValue,
        ]
        if trainer.state.parameters.architecture.cell.hasStateUpdateGate {
            values["cost_per_sample"] = "\(trainer.state.costPerUpdate)"
            values["target_update_rate"] = options.targetUpdateRate.map { "\($0)" }
        }
        if command.skipProbability > 0 { values["skip_probability"] = "\(command.skipProbability)" }
        if let task = command.task { values["task"] = task.rawValue }
        if command.windowOptions.every > 1 { values["every"] = String(command.windowOptions.every) }
        self.values = values
    }
}
