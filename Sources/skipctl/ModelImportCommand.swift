public import ArgumentParser // Public, since a conformance of SkipRNN's public type is.
public import SkipRNN

/// `skipctl model import`: other frameworks' weights as a model file.
struct ModelImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Converts weights of TensorFlow 1 (the authors' cells) or PyTorch into a model file.",
        discussion: """
            SOURCE is a safetensors file: the authors' variables under their TensorFlow names (rnn/SkipGRUCell/gates/Weights, …, also \
            with weight/ or model/ in front), or a state_dict with torch.nn.GRU or nn.LSTM and one linear layer. \
            Pickled files (.pt, .ckpt) are not read: save them with `safetensors.torch.save_file` first.
            """)

    @Argument(help: "The weights, a safetensors file.", completion: .file(extensions: ["safetensors"]))
    var source: String
    @Option(name: [.customLong("out"), .customShort("o")], help: ArgumentHelp("Where the model goes.", valueName: "file"), completion: .file(extensions: ["safetensors"]))
    var output: String
    @Option(help: ArgumentHelp("Class names, in the order of the outputs; numbers from 0 by default.", valueName: "a,b,…"))
    var labels: String?
    @Option(help: ArgumentHelp("Names of the input features.", valueName: "a,b,…"))
    var channels: String?
    @Option(help: ArgumentHelp("Timesteps per second.", valueName: "hz"))
    var sampleRate: Double?
    @Option(help: "Timesteps of one sequence as trained; endless by default.")
    var sequenceLength: Int?
    @Option(help: "What the outputs are: \(Architecture.Task.allCases.map(\.rawValue).joined(separator: " or ")).")
    var task: Architecture.Task = .classification
    @Flag(help: "Print one JSON object about what was made.")
    var json = false

    func validate() throws {
        guard sampleRate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--sample-rate must be a number above 0") }
        guard sequenceLength.map({ $0 > 0 }) ?? true else { throw ValidationError("--sequence-length must be a whole number from 1 up") }
    }

    func run() throws {
        var description = ModelImport.Description()
        description.labels = Self.names(labels)
        description.channels = Self.names(channels)
        description.sampleRate = sampleRate
        description.sequenceLength = sequenceLength
        description.task = task
        let imported = try ModelImport(try Safetensors(contentsOf: source), description)
        try imported.file.write(to: output)

        let architecture = imported.file.architecture
        var standardOutput = StandardOutput()
        if json {
            var object = JSONObject()
            object.add("file", output)
            object.add("identity", imported.file.identity)
            object.add("cell", architecture.cell.rawValue)
            object.add("task", architecture.task.rawValue)
            object.add("features", architecture.inputSize)
            object.add("hidden", architecture.hiddenSizes)
            object.add("outputs", architecture.outputSize)
            object.add("notes", imported.notes)
            try standardOutput.line(object)
        } else {
            for note in imported.notes { try standardOutput.line("note: \(note)") }
            try standardOutput.line("\(output): \(architecture.cell.rawValue), F = \(architecture.inputSize), H = \(architecture.hiddenSizes.map { String($0) }.joined(separator: ", ")), C = \(architecture.outputSize), \(architecture.task.rawValue).")
        }
        try standardOutput.flush()
    }

    private static func names(_ list: String?) -> [String] { list?.split(separator: ",").map { String($0) } ?? [] }
}

extension Architecture.Task: ExpressibleByArgument {}
