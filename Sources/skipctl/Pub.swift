import ArgumentParser
import SkipConfiguration
import SkipRNN
import SkipStream

/// `skipctl pub`: publishes samples as a device would.
struct Pub: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publishes samples to a stream, as a device would.",
        discussion: """
            FILE is CSV (a header line with the channels' names, then one timestep a line), read from standard input where it is left \
            out or -, or a recording file whose name ends in .safetensors: each of its recordings is then a sequence of its own. \
            With {} in STREAM, recordings are played side by side, each to the stream with its number in that place.

            Timesteps leave as fast as the daemon takes them, unless --rate or --speed is given (lines of standard input: as they \
            come). Nothing is sent before the daemon is there, and a restart of the daemon is waited out. The daemon drops what it can't use \
            without a word to who sent it; where it can be asked, a stream that no route matches and a wrong number of features are told before \
            anything is sent. With --ingest it isn't asked: `skipctl status` there shows what was dropped.

            With --follow-hints it is a device that sleeps: what a route with hints = true says won't be read is not sent, and what that \
            saved is printed at the end. Hints need time to come back, so give --rate or --speed.

            Every run is a new boot of the device, so that its timesteps begin a new sequence; with --append they follow the last \
            ones received.
            """)

    @Argument(help: "The stream's name, by convention a path: plant1/pump7/vibration.")
    var stream: String
    @Argument(help: "CSV or recording file; standard input by default.", completion: .file(extensions: ["csv", "safetensors"]))
    var file: String?
    @Option(help: "Make up samples in place of a file: sine.")
    var generate: Generator?
    @Option(help: ArgumentHelp("Features of a timestep, for --generate. (default: as many as the stream's model reads, where the daemon can be asked, else 1)", valueName: "features"))
    var features: Int?
    @Option(name: [.customShort("n", allowingJoined: true), .long], help: "End after so many timesteps, for --generate; endless by default.")
    var count: Int?
    @Option(help: ArgumentHelp("Timesteps per second. (default: 50 for --generate, else as fast as the daemon takes them)", valueName: "hz"))
    var rate: Double?
    @Option(help: ArgumentHelp("Play a recording at so many times its own sample rate; 1 is real time.", valueName: "factor"))
    var speed: Double?
    @Option(help: "Timesteps of a message.")
    var batch = 1
    @Option(help: "Only this recording of the file, counted from 0.")
    var recording: Int?
    @Flag(help: "Begin a new sequence with the first timestep.")
    var start = false
    @Flag(help: "End the sequence with the last timestep: its final result is published.")
    var end = false
    @Flag(help: "Send neither timestep numbers nor boot: the timesteps follow the last ones received.")
    var append = false
    @Flag(help: "Send nothing that hints say won't be read, and print what that saved.")
    var followHints = false
    @Flag(help: "Print what --follow-hints saved as a JSON object.")
    var json = false
    @Option(help: ArgumentHelp("Where hints are published; by default the configuration says.", valueName: "endpoint"))
    var results: Endpoint?
    @OptionGroup var destination: IngestArguments

    enum Generator: String, ExpressibleByArgument, CaseIterable { case sine }

    func validate() throws {
        guard SampleHeader.isValidStream(stream) else { throw ValidationError("STREAM must be 1 to 255 bytes without control characters") }
        guard (1...Int(UInt16.max)).contains(batch) else { throw ValidationError("--batch must be from 1 to 65535") }
        guard features.map({ 1...1_000_000 ~= $0 }) ?? true else { throw ValidationError("--features must be from 1 to 1000000") }
        for (name, value) in [("--rate", rate), ("--speed", speed)] {
            guard value.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("\(name) must be a number above 0") }
        }
        guard rate == nil || speed == nil else { throw ValidationError("--rate and --speed exclude each other") }
        guard generate == nil || file == nil else { throw ValidationError("--generate and FILE exclude each other") }
        guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be a whole number from 1 up") }
        guard !(followHints && append) else { throw ValidationError("--follow-hints needs the timestep numbers and the boot that --append leaves out") }
        guard followHints || (!json && results == nil) else { throw ValidationError("--json and --results are for --follow-hints") }
        guard count == nil || generate != nil else { throw ValidationError("--count is for --generate") }
        if !isRecording {
            guard speed == nil else { throw ValidationError("--speed is for recording files; give --rate") }
            guard recording == nil else { throw ValidationError("--recording is for recording files") }
            guard !stream.contains("{}") else { throw ValidationError("{} in STREAM is for recording files") }
        }
    }

    private var isRecording: Bool { file?.hasSuffix(".safetensors") == true }

    func run() throws {
        // A file that can't be read is no reason to wait for a daemon.
        var (tracks, rate) = try tracks()
        Interruption.watch()
        var publisher = try destination.publisher()
        let daemon = destination.daemon()
        if generate != nil {
            (tracks, rate) = ([generated(features ?? daemon?.features(of: stream) ?? 1)], self.rate ?? 50)
        }
        try daemon?.check(tracks)
        let hints = followHints ? try HintFollower(results ?? destination.configuration.load().resultsEndpoint(destination.keys), tracks.map(\.stream), keys: destination.keys) : nil
        try publisher.play(&tracks, rate: rate, title: stream, hints: hints)
        guard let hints else { return }
        var output = StandardOutput()
        try output.line(json ? hints.object.text : hints.sentence)
        try output.flush()
    }

    private func generated(_ features: Int) -> SampleTrack {
        SampleTrack(stream: stream, SineSource(featureCount: features, total: count), batch: batch, options)
    }

    private var options: SampleTrack.Options {
        var options = SampleTrack.Options()
        options.firstTimestep = append ? nil : 0
        options.boot = append ? 0 : newBoot()
        options.starts = start
        options.ends = end
        return options
    }

    /// Those of a file, or of standard input; none for `--generate`, whose samples are made for the model that reads them.
    private func tracks() throws -> (tracks: [SampleTrack], rate: Double?) {
        if generate != nil { return ([], rate) }
        let options = options
        guard let file, isRecording else {
            return ([SampleTrack(stream: stream, try CSVSource(LineReader(file ?? "-")), batch: batch, options)], rate)
        }
        let recordings = try Recordings(contentsOf: file)
        if let recording, !(0..<recordings.count).contains(recording) { throw CommandFailure("\(file): has no recording \(recording), they are counted from 0 to \(recordings.count - 1)") }
        let chosen = recording.map { $0..<($0 + 1) } ?? 0..<recordings.count
        if speed != nil, recordings.sampleRate == nil { throw CommandFailure("\(file): has no sample_rate_hz, so --speed means nothing; give --rate") }
        let rate = rate ?? speed.flatMap { speed in recordings.sampleRate.map { $0 * speed } }
        guard stream.contains("{}") else {
            return ([SampleTrack(stream: stream, RecordingSource(recordings, chosen), batch: batch, options)], rate)
        }
        return (chosen.map { index in
            let name = stream.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: String(index))
            return SampleTrack(stream: name, RecordingSource(recordings, index..<(index + 1)), batch: batch, options)
        }, rate)
    }
}
