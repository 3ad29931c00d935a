import SkipRNN
import SkipRNNTraining

/// `skipctl train` on recordings.
struct TrainRecordingsRun {
    let command: TrainCommand
    let recordings: Recordings

    func run(_ output: inout StandardOutput) throws {
        var checkpoints: [String] = []
        var report = TrainReport(title: "\(command.model), trained on \(recordings.file)")
        if command.dataOptions.leaveOneGroupOut {
            var folds: [TrainReport.Fold] = []
            for group in recordings.distinctGroups {
                let name = recordings.name(ofGroup: group)
                let path = "\(checkpoint).group-\(group)"
                checkpoints.append(path)
                let (model, source, _) = try train(testGroups: [group], title: "without group \(name)", checkpoint: path, &output)
                folds.append(TrainReport.Fold(group: group, name: name, evaluation: try evaluate(model, source.split.test)))
                try TrainReport.print(fold: folds[folds.count - 1], json: command.json, &output)
                try output.flush()
            }
            try TrainReport.printSummary(folds, json: command.json, &output)
            report.add(folds: folds)
        }
        checkpoints.append(checkpoint)
        let (model, source, trainer) = try train(testGroups: try command.dataOptions.testGroups?.groups(of: recordings) ?? [], title: command.dataOptions.leaveOneGroupOut ? "all groups" : "", checkpoint: checkpoint, &output)
        let (part, chosen) = !source.split.test.isEmpty ? ("test", source.split.test) : !source.split.validation.isEmpty ? ("validation", source.split.validation) : ("training", source.split.training)
        let evaluation = try evaluate(model, chosen)
        try EvaluationText(evaluation, part: part).print(json: command.json, &output)
        var file = try modelFile(trainer, source)
        file.metadata.training["\(part)_accuracy"] = decimal(evaluation.accuracy, 4)
        file.metadata.training["\(part)_update_rate"] = decimal(evaluation.updateRate, 4)
        try file.write(to: command.model)
        if let path = command.report {
            report.add(history: trainer.state.history, task: file.architecture.task)
            try report.add(evaluation, part: part, model, recordings, chosen, command.windowOptions.windows)
            try report.write(to: path)
        }
        for path in checkpoints { remove(path) }
        if !command.json { try output.line("wrote \(command.model)\(command.report.map { " and \($0)" } ?? "")") }
    }

    private func evaluate(_ model: Model, _ chosen: [Int]) throws -> Evaluation {
        try Evaluation(model, recordings, chosen, command.windowOptions.windows, skipProbability: command.skipProbability, seed: command.trainingOptions.seed)
    }

    private var checkpoint: String { command.checkpoint ?? command.model + ".checkpoint" }

    private func train(testGroups: [Int], title: String, checkpoint: String, _ output: inout StandardOutput) throws -> (Model, RecordedBatches, Trainer) {
        let options = command.trainingOptions
        let split = try Split(
            recordings, validationGroups: (try command.dataOptions.validationGroups?.groups(of: recordings) ?? []).filter { !testGroups.contains($0) }, testGroups: testGroups,
            validationFraction: fraction(command.dataOptions.validationFraction), testFraction: fraction(command.dataOptions.testFraction), seed: options.seed)
        try recordings.checkForTraining(split.training)
        let initial = try command.initial.map { (path) throws(FileFormatError) in try ModelFile(contentsOf: path) }
        let source = try RecordedBatches(
            recordings, split, windows: command.windowOptions.windows, augmentation: try command.dataOptions.augmentation(of: recordings), batchSize: command.optimizerOptions.batch,
            normalization: command.task == .smnist ? .dividing(by: 255, features: recordings.featureCount) : initial.flatMap { Normalization($0) }, skipProbability: command.skipProbability, seed: options.seed)
        let outputs = recordings.targets.map { $0.count / max(recordings.count, 1) } ?? classCount
        let architecture = initial?.architecture ?? command.modelOptions.architecture(task: recordings.targets == nil ? .classification : .regression, features: recordings.featureCount, outputs: outputs)
        try recordings.check(fits: architecture)
        sayMemory(architecture, source)
        let trainer = try TrainSession(command: command, source: source, parameters: initial.map { Parameters($0) } ?? Parameters(architecture, seed: options.seed, updateRate: command.modelOptions.initialUpdateRate), title: title, checkpoint: checkpoint).run(&output)
        return (Model(try modelFile(trainer, source)), source, trainer)
    }

    /// The digits have no groups and no split of their own: an eighth of them each validates and tests where nothing is said.
    private func fraction(_ wanted: Double) -> Double { wanted == 0 && command.task == .smnist ? 0.125 : wanted }

    private var classCount: Int { recordings.labels.isEmpty ? (recordings.classes?.max() ?? 0) + 1 : recordings.labels.count }

    private func sayMemory(_ architecture: Architecture, _ source: RecordedBatches) {
        guard isTerminal(2) else { return }
        let timesteps = command.windowOptions.window ?? recordings.lengths.max() ?? 0
        let bytes = Network.memory(architecture, timesteps: timesteps / command.windowOptions.every, batch: command.optimizerOptions.batch)
        writeToStandardError("\(source.stepsPerEpoch) batches an epoch, \(max(bytes >> 20, 1)) MB for a batch of \(timesteps) timesteps\n")
    }

    private func modelFile(_ trainer: Trainer, _ source: RecordedBatches) throws -> ModelFile {
        var metadata = ModelMetadata()
        metadata.labels = recordings.targets != nil ? [] : recordings.labels.isEmpty ? (0..<classCount).map { String($0) } : recordings.labels
        metadata.channels = recordings.channels
        metadata.sampleRate = recordings.sampleRate.map { $0 / Double(command.windowOptions.every) }
        let window = command.windowOptions.window.map { ($0 + command.windowOptions.every - 1) / command.windowOptions.every }
        metadata.sequenceLength = command.sequenceLength.map { $0 == 0 ? nil : $0 } ?? window
        metadata.maxSkip = command.modelOptions.maxSkip
        metadata.training = TrainMetadata(command, trainer).values
        metadata.training["data"] = recordings.file.split(separator: "/").last.map { String($0) } ?? recordings.file
        return try ModelFile(trainer.result, metadata, source.normalization, file: command.model)
    }
}
