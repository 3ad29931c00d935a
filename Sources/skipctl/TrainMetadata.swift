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
            "command": Self.command(CommandLine.arguments), "learning_rate": "\(options.learningRate)", "batch": String(command.optimizerOptions.batch), "loss": options.lossPlace.rawValue,
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

    /// What to type for the same model: without what changes no bit of it, and without folders.
    static func command(_ arguments: [String]) -> String {
        var kept = ["skipctl"]
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            let name = argument.split(separator: "=", maxSplits: 1).first.map { String($0) } ?? argument
            switch name {
            case "--json", "--resume", "--leave-one-group-out": continue
            case "--model", "-o", "--report", "--checkpoint", "--checkpoint-interval", "--threads":
                if name == argument { _ = rest.popFirst() }
            default: kept.append(argument.split(separator: "/").last.map { String($0) } ?? argument)
            }
        }
        return kept.joined(separator: " ")
    }
}
