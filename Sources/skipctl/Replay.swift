import ArgumentParser
import SkipRNN
import SkipStream

/// `skipctl replay`: recordings through a model, offline, as skipd would run them; or into a running daemon.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs recordings through a model, offline, or plays them into a running daemon.",
        discussion: """
            With --model, offline: each recording begins in the model's initial state and is run as one sequence, unless --sequence divides it. \
            Prints one line a sequence and a summary; with --trace, writes every timestep's numbers to a safetensors file: \
            gate U8 (N), h F32 (N, H of the top layer), update_probability and cumulative_update_probability F32 (N) after the \
            timestep, logits F32 (N, C), all recordings one after the other.

            Without --model, into the daemon, at the speed at which it was recorded or any other: what `skipctl record` has recorded goes \
            to the streams it came from, all side by side; timesteps that never came are left out again. With --stream it goes to that \
            stream, one recording after the other, or side by side with {} in its place.
            """)

    @Argument(help: "A recording file: safetensors, or CSV where the name ends in .csv.", completion: .file())
    var file: String
    @Option(help: "The model file, to run the recordings through it here.", completion: .file(extensions: ["safetensors"]))
    var model: String?
    @Option(help: "The stream to play into; by default those that were recorded.")
    var stream: String?
    @Option(help: ArgumentHelp("How many times faster than it was recorded; 0 for as fast as the daemon takes it. (default: 1)", valueName: "factor"))
    var speed: Double?
    @Option(help: ArgumentHelp("Timesteps per second, in place of --speed.", valueName: "hz"))
    var rate: Double?
    @Option(help: "Timesteps of a message. (default: 1)")
    var batch: Int?
    @OptionGroup var destination: IngestArguments
    @Option(help: ArgumentHelp("Write every timestep's numbers to this safetensors file.", valueName: "out.safetensors"), completion: .file())
    var trace: String?
    @Option(help: "Begin a new sequence every so many timesteps, as a route's `sequence` does; 0 for whole recordings.")
    var sequence = 0
    @OptionGroup var gate: GateArguments
    @Flag(help: "Print NDJSON: one object a sequence, then the summary.")
    var json = false

    func validate() throws {
        if model != nil {
            for (name, isGiven) in [("--stream", stream != nil), ("--speed", speed != nil), ("--rate", rate != nil), ("--batch", batch != nil)] where isGiven {
                throw ValidationError("\(name) is for playing into a daemon, --model for running offline; give one of them")
            }
        } else {
            guard trace == nil, sequence == 0, !json else { throw ValidationError("--trace, --sequence and --json are for running offline; give --model") }
        }
        guard stream.map(SampleHeader.isValidStream) ?? true else { throw ValidationError("--stream must be 1 to 255 bytes without control characters") }
        guard batch.map({ (1...Int(UInt16.max)).contains($0) }) ?? true else { throw ValidationError("--batch must be from 1 to 65535") }
        guard speed.map({ $0 >= 0 && $0.isFinite }) ?? true else { throw ValidationError("--speed must be a number from 0 up") }
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be a number above 0") }
        guard speed == nil || rate == nil else { throw ValidationError("--rate and --speed exclude each other") }
        guard sequence >= 0 else { throw ValidationError("--sequence must be a whole number from 0 up") }
    }

    func run() throws {
        guard let model else { return try play() }
        let modelFile = try ModelFile(contentsOf: model)
        for warning in modelFile.warnings { tell("warning: \(warning)") }
        let loaded = Model(modelFile)
        let recordings = try Recordings(file: file)
        try loaded.check(recordings)

        let options = gate.options(for: loaded)
        var trace = trace.map { _ in ReplayTrace(loaded) }
        var sequences: [ReplayedSequence] = []
        for (recording, range) in recordings.ranges.enumerated() {
            let whole = max(range.count, 1)
            let length = sequence == 0 ? whole : min(sequence, whole)
            // An empty recording is an empty sequence: a line of its own, no timestep.
            let starts = range.isEmpty ? [range.lowerBound] : Array(stride(from: range.lowerBound, to: range.upperBound, by: length))
            for start in starts {
                let timesteps = start..<min(start + length, range.upperBound)
                sequences.append(ReplayedSequence(loaded, recordings, recording: recording, timesteps: timesteps, options: options, trace: &trace))
            }
        }
        if let path = self.trace { try trace?.write(to: path) }

        let report = ReplayReport(loaded, recordings, sequences)
        var output = StandardOutput()
        if json {
            for object in report.objects { try output.line(object) }
        } else {
            for line in report.lines(.standardOutput) { try output.line(line) }
        }
        try output.flush()
    }
}

extension Replay {
    /// Into the daemon.
    private func play() throws {
        let recordings = try Recordings(file: file)
        var tracks = try tracks(recordings)
        let rate = try rate ?? pace(recordings)
        Interruption.watch()
        var publisher = try destination.publisher()
        try destination.daemon()?.check(tracks)
        try publisher.play(&tracks, rate: rate, title: file)
    }

    /// Timesteps per second; nil for as fast as they are taken.
    private func pace(_ recordings: Recordings) throws -> Double? {
        let speed = speed ?? 1
        guard speed > 0 else { return nil }
        guard let sampleRate = recordings.sampleRate else { throw CommandFailure("\(file): has no sample_rate_hz, so its speed isn't known; give --rate, or --speed 0") }
        return sampleRate * speed
    }

    /// One track a stream.
    private func tracks(_ recordings: Recordings) throws -> [SampleTrack] {
        // Every run is a new boot of the devices, so that its timesteps begin new sequences.
        func track(_ stream: String, _ chosen: some Sequence<Int>) -> SampleTrack {
            SampleTrack(stream: stream, RecordingSource(recordings, chosen), batch: batch ?? 1, .init(boot: newBoot()))
        }
        if let stream {
            guard stream.contains("{}") else { return [track(stream, 0..<recordings.count)] }
            return (0..<recordings.count).map { index in track(stream.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: String(index)), [index]) }
        }
        guard let groups = recordings.groups, let last = groups.max(), last < recordings.groupNames.count, groups.allSatisfy({ $0 >= 0 }), recordings.groupNames.allSatisfy(SampleHeader.isValidStream) else {
            throw CommandFailure("\(file): doesn't say which streams it was recorded from; give --stream, or --model to run it offline")
        }
        return recordings.groupNames.enumerated().map { group, name in track(name, groups.indices.filter { groups[$0] == group }) }
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

    func options(for model: Model) -> GateOptions { model.gateOptions(stretch: stretch, maxSkip: maxSkip) }
}

extension Model {
    /// Refuses recordings that the model can't read.
    func check(_ recordings: Recordings) throws(FileFormatError) {
        guard recordings.featureCount == architecture.inputSize else {
            throw FileFormatError(recordings.file, "has \(recordings.featureCount) features a timestep, the model reads \(architecture.inputSize)")
        }
        if !recordings.channels.isEmpty, !metadata.channels.isEmpty, recordings.channels != metadata.channels {
            tell("warning: \(recordings.file): its channels are \(recordings.channels.joined(separator: ", ")), the model's are \(metadata.channels.joined(separator: ", "))")
        }
    }
}
