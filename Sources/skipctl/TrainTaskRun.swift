import SkipRNN
import SkipRNNTraining

/// `skipctl train --task adding` and `--task frequency`.
struct TrainTaskRun {
    let command: TrainCommand
    let kind: GeneratedTask.Kind

    func run(_ output: inout StandardOutput) throws {
        let options = command.trainingOptions
        let source = GeneratedTask(kind, batchSize: command.optimizerOptions.batch, skipProbability: command.skipProbability, seed: options.seed)
        let architecture = command.modelOptions.architecture(task: source.task, features: source.features, outputs: source.outputs)
        let checkpoint = command.checkpoint ?? command.model + ".checkpoint"
        let begin = monotonicSeconds()
        let trainer = try TrainSession(command: command, source: source, parameters: Parameters(architecture, seed: options.seed, updateRate: command.modelOptions.initialUpdateRate), title: "", checkpoint: checkpoint).run(&output)
        let seconds = monotonicSeconds() - begin
        guard let last = trainer.state.history.last?.validation else { throw CommandFailure("the training ended before its first epoch") }

        var metadata = ModelMetadata()
        metadata.labels = source.labels
        metadata.channels = source.channels
        metadata.sequenceLength = source.timesteps
        metadata.maxSkip = command.modelOptions.maxSkip
        metadata.training = TrainMetadata(command, trainer).values
        let error = last.squaredError / Double(max(last.sequences, 1))
        let updates = Double(last.updates) / Double(max(last.sequences, 1))
        metadata.training["validation_updates"] = decimal(updates, 2)
        let file = try ModelFile(trainer.state.parameters, metadata, nil, file: command.model)
        try file.write(to: command.model)
        if let path = command.report {
            var report = TrainReport(title: "\(command.model): the task \(command.task?.rawValue ?? "")")
            report.add(history: trainer.state.history, task: architecture.task)
            try report.write(to: path)
        }
        remove(checkpoint)
        let iterations = trainer.state.steps
        if command.json {
            var object = JSONObject()
            object.add("model", command.model)
            object.add("iterations", iterations)
            if let epoch = trainer.state.solvedEpoch { object.add("solved_iterations", epoch * source.stepsPerEpoch) }
            object.add("solved", source.isSolved(last))
            if source.task == .regression { object.add("squared_error", error) } else { object.add("accuracy", last.accuracy) }
            object.add("updates", updates)
            object.add("timesteps", source.timesteps)
            object.add("seconds", seconds)
            try output.line(object)
        } else {
            let measure = source.task == .regression ? "squared error \(error)" : "accuracy \(percent(last.accuracy))"
            try output.line("after \(grouped(iterations)) iterations in \(duration(seconds)): \(measure), \(decimal(updates, 1)) of \(source.timesteps) timesteps read (\(percent(updates / Double(source.timesteps))))")
            try output.line(trainer.state.solvedEpoch.map { "solved after \(grouped($0 * source.stepsPerEpoch)) iterations" } ?? "not solved")
            try output.line("wrote \(command.model)")
        }
    }
}
