import ArgumentParser
import SkipConfiguration
import SkipRNN

/// `skipctl record`: saves samples as they come in.
struct Record: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Saves incoming samples as a recording file.",
        discussion: """
            The daemon passes on what devices send, once it is asked to; PREFIX selects streams as for `skipctl tail`. Recorded until \
            Control-C, --count or --wait. Each sequence of a stream becomes a recording, its stream the recording's group; timesteps that \
            never came (hints let devices leave them out) are there without values. All streams must have the same number of features.

            `skipctl replay` plays the file again, into a daemon or through a model; with --label, `skipctl train` learns from it. Samples \
            are kept in memory until the end. Exit status 2 where nothing came.
            """)

    @Argument(help: "The recording file to write; its name ends in .safetensors by custom.", completion: .file(extensions: ["safetensors"]))
    var file: String
    @Argument(help: "Streams to record; all by default.")
    var prefix: [String] = []
    @Option(name: [.customShort("n", allowingJoined: true), .long], help: "End after so many timesteps.")
    var count: Int?
    @Option(help: "What was recorded: the class of all recordings.")
    var label: String?
    @Option(help: ArgumentHelp("Timesteps per second, for the file. By default the model's, where it can be read.", valueName: "hz"))
    var rate: Double?
    @Option(help: "Features of a timestep, for messages without a header. By default the model's, where it can be read.")
    var features: Int?
    @Flag(help: "Print one JSON object in place of a sentence in the end.")
    var json = false
    @OptionGroup var published: ResultsArguments

    func validate() throws {
        guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be a whole number from 1 up") }
        guard rate.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--rate must be a number above 0") }
        guard features.map({ 1...1_000_000 ~= $0 }) ?? true else { throw ValidationError("--features must be from 1 to 1000000") }
    }

    func run() throws {
        let loaded = try published.configuration.load()
        guard published.results != nil || loaded.results.samples else { throw CommandFailure("the daemon passes no samples on; set samples = true in [results] and restart it") }
        let selection = StreamSelection(prefix)
        var messages = try published.follow(topics: selection.prefixes.map { SampleRecorder.topic + $0 }, loaded)
        var recorder = SampleRecorder(routes: loaded.routes, models: loaded.models, features: features)
        var progress = Progress("recorded ", of: count ?? 0, isKnown: count != nil)
        Interruption.watch()
        while count.map({ recorder.timesteps < $0 }) ?? true, let frames = try messages.next() {
            progress.advance(recorder.note(frames, selection))
        }
        progress.finish()
        for sentence in recorder.refusals { tell(sentence) }
        guard let recordings = recorder.recordings(file: file, label: label, rate: rate) else {
            throw CommandFailure("nothing was recorded, no file was written", status: .nothingMatched)
        }
        try recordings.write(to: file, source: "skipctl record")
        try report(recordings, recorder)
    }

    private func report(_ recordings: Recordings, _ recorder: SampleRecorder) throws {
        var output = StandardOutput()
        if json {
            var object = JSONObject()
            object.add("file", file)
            object.add("streams", recordings.groupNames)
            object.add("recordings", recordings.count)
            object.add("timesteps", recorder.timesteps)
            object.add("missing", recorder.missing)
            try output.line(object)
        } else {
            let missing = recorder.missing > 0 ? ", \(grouped(recorder.missing)) more never came" : ""
            try output.line("\(file): \(counted(recordings.count, "recording")) of \(counted(recordings.groupNames.count, "stream")), \(counted(recorder.timesteps, "timestep"))\(missing)")
        }
        try output.flush()
    }
}
