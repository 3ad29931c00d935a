import ArgumentParser
import SkipRNN

/// `skipctl replay`: recordings through a model, offline, as skipd would run them.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs recordings through a model, offline.",
        discussion: """
            Each recording begins in the model's initial state and is run as one sequence, unless --sequence divides it. \
            Prints one line a sequence and a summary; with --trace, writes every timestep's numbers to a safetensors file: \
            gate U8 (N), h F32 (N, H of the top layer), update_probability and cumulative_update_probability F32 (N) after the \
            timestep, logits F32 (N, C), all recordings one after the other.
            """)

    @Argument(help: "A recording file: safetensors, or CSV where the name ends in .csv.", completion: .file())
    var file: String
    @Option(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var model: String
    @Option(help: ArgumentHelp("Write every timestep's numbers to this safetensors file.", valueName: "out.safetensors"), completion: .file())
    var trace: String?
    @Option(help: "Begin a new sequence every so many timesteps, as a route's `sequence` does; 0 for whole recordings.")
    var sequence = 0
    @OptionGroup var gate: GateArguments
    @Flag(help: "Print NDJSON: one object a sequence, then the summary.")
    var json = false

    func validate() throws {
        guard sequence >= 0 else { throw ValidationError("--sequence must be a whole number from 0 up") }
    }

    func run() throws {
        let modelFile = try ModelFile(contentsOf: model)
        for warning in modelFile.warnings { writeToStandardError("skipctl: warning: \(warning)\n") }
        let model = Model(modelFile)
        let recordings = try Recordings(file: file)
        try model.check(recordings)

        let options = gate.options(for: model)
        var trace = trace.map { _ in ReplayTrace(model) }
        var sequences: [ReplayedSequence] = []
        for (recording, range) in recordings.ranges.enumerated() {
            let length = sequence == 0 ? max(range.count, 1) : sequence
            // An empty recording is an empty sequence: a line of its own, no timestep.
            let starts = range.isEmpty ? [range.lowerBound] : Array(stride(from: range.lowerBound, to: range.upperBound, by: length))
            for start in starts {
                let timesteps = start..<min(start + length, range.upperBound)
                sequences.append(ReplayedSequence(model, recordings, recording: recording, timesteps: timesteps, options: options, trace: &trace))
            }
        }
        if let path = self.trace { try trace?.write(to: path) }

        let report = ReplayReport(model, recordings, sequences)
        var output = StandardOutput()
        if json {
            for object in report.objects { try output.line(object) }
        } else {
            for line in report.lines(.standardOutput) { try output.line(line) }
        }
        try output.flush()
    }
}

/// When updates fall due, where that shall differ from how the model was trained.
struct GateArguments: ParsableArguments {
    @Option(help: "Divide each update probability increment by this, at least 1: 4 skips about four times as long.")
    var stretch: Float = 1
    @Option(help: "Force an update after so many skipped timesteps; the model's own bound by default.")
    var maxSkip: Int?

    func validate() throws {
        guard stretch >= 1, stretch.isFinite else { throw ValidationError("--stretch must be a number from 1 up") }
        guard maxSkip.map({ $0 >= 1 }) ?? true else { throw ValidationError("--max-skip must be a whole number from 1 up") }
    }

    func options(for model: Model) -> GateOptions { GateOptions(stretch: stretch, maxSkip: maxSkip ?? model.metadata.maxSkip) }
}

extension Model {
    /// Refuses recordings that the model can't read.
    func check(_ recordings: Recordings) throws(FileFormatError) {
        guard recordings.featureCount == architecture.inputSize else {
            throw FileFormatError(recordings.file, "has \(recordings.featureCount) features a timestep, the model reads \(architecture.inputSize)")
        }
        if !recordings.channels.isEmpty, !metadata.channels.isEmpty, recordings.channels != metadata.channels {
            writeToStandardError("skipctl: warning: \(recordings.file): its channels are \(recordings.channels.joined(separator: ", ")), the model's are \(metadata.channels.joined(separator: ", "))\n")
        }
    }
}
