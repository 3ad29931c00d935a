import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// `skipctl train`: from labelled recordings, or one of the paper's tasks, to a model file.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model on recordings, or on one of the paper's tasks.",
        discussion: """
            RECORDINGS is a recording file or a folder of CSV files (one a recording, a header line, an optional column label; a \
            folder within it is a group). Values are normalised by the training part's mean and standard deviation, which the model \
            file keeps. Groups are never divided between training, validation and test.

            Memory is timesteps × batch × (4 (F + k H) + 17) bytes beside the program's 30 MB and the recordings: F channels, H hidden units \
            rounded up to a multiple of 16 and summed over layers, k = 5 for a GRU, 6 for one with reset_after, 7 for an LSTM, with layer \
            norm 2 (GRU) or 4 (LSTM) more. Windows of 200 in batches of 64: 13 MB for a Skip GRU of 48 units and 6 channels. The \
            paper's 784 pixels in batches of 256: 454 MB for 110 units, 634 MB for an LSTM. On a terminal, a setting's need is said \
            before training begins.

            A training that is interrupted goes on with --resume from the checkpoint beside the model file, to the same model bit for bit.
            """)

    @Argument(help: "A recording file or a folder of CSV files; not for --task adding and frequency.")
    var recordings: String?
    @Option(name: [.customLong("model"), .customShort("o")], help: ArgumentHelp("Where the model goes.", valueName: "file"), completion: .file(extensions: ["safetensors"]))
    var model: String
    @Option(help: "Train on one of the paper's tasks: adding, frequency, or smnist, whose RECORDINGS are digits as sequences of pixels.")
    var task: PaperTask?
    @Option(help: "Timesteps of the adding task.")
    var taskLength = 50
    @Option(help: "The frequency task's sampling period in milliseconds.")
    var samplingPeriod = 1.0
    @Option(help: "For gru and lstm: the probability that a timestep is skipped, the paper's p_skip.")
    var skipProbability = 0.0
    @Flag(help: "Stop when the task is solved in the paper's sense.")
    var untilSolved = false
    @Option(help: "Timesteps after which skipd begins a sequence anew, noted in the model; 0 for endless. The window by default.")
    var sequenceLength: Int?

    @Option(help: ArgumentHelp("Begin with this model's weights, architecture and normalisation.", valueName: "file"), completion: .file(extensions: ["safetensors"]))
    var initial: String?

    @OptionGroup(title: "Model") var modelOptions: TrainModelOptions
    @OptionGroup(title: "Windows") var windowOptions: TrainWindowOptions
    @OptionGroup(title: "Data") var dataOptions: TrainDataOptions
    @OptionGroup(title: "Training") var optimizerOptions: TrainOptimizerOptions

    @Option(help: ArgumentHelp("Where the checkpoint goes; the model's name with .checkpoint by default.", valueName: "file"))
    var checkpoint: String?
    @Option(help: "Seconds between checkpoints.")
    var checkpointInterval = 30.0
    @Flag(help: "Continue from the checkpoint.")
    var resume = false
    @Option(help: ArgumentHelp("Write an HTML report with plots.", valueName: "file"), completion: .file(extensions: ["html"]))
    var report: String?
    @Flag(help: "Print one JSON object for each epoch and result.")
    var json = false

    func validate() throws {
        switch task {
        case .adding, .frequency:
            guard recordings == nil else { throw ValidationError("--task \(task?.rawValue ?? "") makes its own sequences; leave RECORDINGS out") }
        case .smnist, nil:
            guard recordings != nil else { throw ValidationError("RECORDINGS is missing: a recording file or a folder of CSV files") }
        }
        guard taskLength >= 2, samplingPeriod > 0, samplingPeriod <= 50 else { throw ValidationError("--task-length must be 2 or more, --sampling-period above 0 and at most 50") }
        guard (0..<1).contains(skipProbability) else { throw ValidationError("--skip-probability must be from 0 to below 1") }
        guard skipProbability == 0 || !modelOptions.cell.hasStateUpdateGate else { throw ValidationError("--skip-probability is for --cell gru and lstm; a skip cell decides itself") }
        guard initial == nil || recordings != nil else { throw ValidationError("--initial is for a training on RECORDINGS") }
        guard checkpointInterval >= 0 else { throw ValidationError("--checkpoint-interval must be 0 or more") }
        guard !dataOptions.leaveOneGroupOut || (recordings != nil && dataOptions.testGroups == nil) else { throw ValidationError("--leave-one-group-out needs RECORDINGS, and chooses the test groups itself") }
        guard sequenceLength.map({ $0 >= 0 }) ?? true else { throw ValidationError("--sequence-length must be 0 or more") }
    }

    func run() throws {
        TrainInterrupt.install()
        for path in [model, report].compactMap({ $0 }) { try checkWritable(path) }
        var output = StandardOutput()
        if let kind = generatedTask {
            try TrainTaskRun(command: self, kind: kind).run(&output)
        } else {
            try TrainRecordingsRun(command: self, recordings: try Recordings(path: recordings ?? "")).run(&output)
        }
        try output.flush()
    }

    private var generatedTask: GeneratedTask.Kind? {
        switch task {
        case .adding: .adding(timesteps: taskLength)
        case .frequency: .frequency(samplingPeriod: samplingPeriod)
        case .smnist, nil: nil
        }
    }

    var trainingOptions: TrainingOptions {
        var options = optimizerOptions.options
        options.stopsWhenSolved = untilSolved
        return options
    }
}
