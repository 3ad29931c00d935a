import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// `skipctl eval`: how a model does on labelled recordings.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Evaluates a model on labelled recordings.",
        discussion: """
            Sequences are windows as long as the model's sequence_length, or whole recordings where it has none, and are judged at \
            their last timestep. --stretch divides the update probability increment: a sweep over several values shows what \
            accuracy a lower update rate costs.
            """)

    @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var model: String
    @Argument(help: "A recording file or a folder of CSV files.")
    var recordings: String
    @Option(help: ArgumentHelp("Divisors of the increment.", valueName: "κ,…"))
    var stretch = "1"
    @Option(help: "The probability that a timestep is skipped, for cells without a state update gate; as the model was trained by default.")
    var skipProbability: Double?
    @Option(help: ArgumentHelp("Only these groups (people, devices): their folders' names, or their numbers.", valueName: "g,…"))
    var groups: GroupList?
    @OptionGroup(title: "Windows") var windowOptions: TrainWindowOptions
    @Option(help: ArgumentHelp("Write an HTML report with plots.", valueName: "file"), completion: .file(extensions: ["html"]))
    var report: String?
    @Flag(help: "Print JSON objects.")
    var json = false

    func validate() throws {
        guard !stretches.isEmpty, stretches.allSatisfy({ $0 >= 1 && $0.isFinite }) else { throw ValidationError("--stretch must be numbers from 1 up, such as 1,2,4,8") }
        guard skipProbability.map({ (0..<1).contains($0) }) ?? true else { throw ValidationError("--skip-probability must be from 0 to below 1") }
    }

    private var stretches: [Float] {
        let parts = stretch.split(separator: ",").map { Float($0) }
        return parts.contains(nil) ? [] : parts.compactMap { $0 }
    }

    func run() throws {
        let file = try ModelFile(contentsOf: model)
        let loaded = Model(file)
        guard skipProbability ?? 0 == 0 || !loaded.architecture.cell.hasStateUpdateGate else { throw CommandFailure("--skip-probability is for cells without a state update gate; \(model)'s decides itself") }
        let skips = skipProbability ?? file.metadata.training["skip_probability"].flatMap { Double($0) } ?? 0
        let recordings = try Recordings(path: recordings)
        var windows = windowOptions.windows
        if windows.length == nil { windows.length = file.metadata.sequenceLength.map { $0 * windows.every } }
        let chosen = try groups.map { try Split(recordings, testGroups: $0.groups(of: recordings), keepsTraining: false).test } ?? Array(0..<recordings.count)
        var output = StandardOutput()
        var points: [(stretch: Float, evaluation: Evaluation)] = []
        for stretch in stretches {
            let evaluation = try Evaluation(loaded, recordings, chosen, windows, stretch: stretch, skipProbability: skips)
            points.append((stretch, evaluation))
            try EvaluationText(evaluation, part: stretches.count == 1 && stretch == 1 ? "evaluation" : "stretch \(stretch)").print(json: json, &output)
        }
        if let path = report {
            var html = HTMLReport(title: "\(model) on \(recordings.file)")
            html.addSweep(points)
            html.addEvaluation("Stretch \(points[0].stretch)", points[0].evaluation)
            html.addSamples(loaded, recordings, chosen, windows)
            try html.write(to: path)
            if !json { try output.line("wrote \(path)") }
        }
        try output.flush()
    }
}
