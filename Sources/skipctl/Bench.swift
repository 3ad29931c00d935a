import ArgumentParser
import SkipConfiguration
import SkipRNN
import SkipStream

/// `skipctl bench`: how much a daemon takes, and how fast it answers.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the throughput and latency of a daemon.",
        discussion: """
            Starts a daemon of its own with the bundled model; with --running, the running one is measured, under the names that --stream \
            gives, which a route must match. First as many messages as --messages are sent as fast as they are taken; then, at --rate \
            messages a second, the time from sending a timestep to receiving the result it caused is taken. Sender and daemon share this \
            machine: on few cores the sender is part of what is measured. The streams stay known to a running daemon until they expire.
            """)

    @Option(help: "Streams.")
    var streams = 100
    @Option(help: "Messages of the first part.")
    var messages = 200_000
    @Option(help: "Timesteps of a message, in the first part.")
    var batch = 1
    @Option(help: ArgumentHelp("Messages a second of the second part.", valueName: "hz"))
    var rate = 1_000.0
    @Option(help: ArgumentHelp("How long the second part takes. (default: 5s)", valueName: "time"), transform: duration)
    var time: Duration?
    @Flag(help: "Measure the running daemon.")
    var running = false
    @Option(help: "The streams' names, with {} for their number.")
    var stream = "watch/bench-{}"
    @Option(help: "The recording file that is sent over and over; the bundled one by default.", completion: .file(extensions: ["safetensors"]))
    var recordings: String?
    @Option(help: "The model of a daemon of its own; the bundled one by default.", completion: .file(extensions: ["safetensors"]))
    var model: String?
    @Flag(help: "Print one JSON object.")
    var json = false
    @OptionGroup var destination: IngestArguments
    @Option(help: ArgumentHelp("Where results are published; by default the configuration says.", valueName: "endpoint"))
    var results: Endpoint?
    @Option(help: ArgumentHelp("The daemon's control socket; by default the configuration says.", valueName: "endpoint"))
    var control: Endpoint?

    func validate() throws {
        for (name, value) in [("--streams", streams), ("--messages", messages)] where value < 1 { throw ValidationError("\(name) must be a whole number from 1 up") }
        guard (1...Int(UInt16.max)).contains(batch) else { throw ValidationError("--batch must be from 1 to 65535") }
        guard rate > 0, rate.isFinite else { throw ValidationError("--rate must be a number above 0") }
        guard stream.contains("{}"), SampleHeader.isValidStream(stream) else { throw ValidationError("--stream must be a name with {} for the stream's number") }
        guard running || (results == nil && control == nil && destination.ingest == nil) else { throw ValidationError("endpoints are for --running") }
        guard !running || model == nil else { throw ValidationError("--model is for a daemon of its own, not for --running") }
    }

    func run() throws {
        let recordings = try Recordings(file: recordings ?? BundledFile.path("recordings/watch-seven.safetensors"))
        guard !recordings.samples.isEmpty else { throw CommandFailure("\(recordings.file): has no timestep to send") }
        Interruption.watch()
        if running {
            let loaded = try destination.configuration.load()
            var publisher = try destination.publisher()
            try measure(&publisher, try Subscription(results ?? loaded.resultsEndpoint(destination.keys), topics: [topic], keys: destination.keys.load()), control ?? loaded.control.bind.reachable, recordings)
        } else {
            let model = try model ?? BundledFile.path("models/watch.safetensors")
            try Model(try ModelFile(contentsOf: model)).check(recordings)
            let daemon = try DemoDaemon(program: BundledFile.program("skipd"), model: model, emit: "emit = \"update\"")
            var publisher = try Publisher(daemon.ingest, .sub)
            guard try publisher.waitUntilTaken(.now + .seconds(20), isCancelled: { Interruption.hasCome }) else {
                if Interruption.hasCome { throw ExitCode(Interruption.status) }
                throw CommandFailure("the daemon to be measured did not become ready in 20 s, \(daemon.lastWords)")
            }
            try measure(&publisher, try Subscription(daemon.results, topics: [topic]), daemon.control, recordings)
            guard daemon.isRunning else { throw CommandFailure("the daemon to be measured has ended, \(daemon.lastWords)") }
        }
    }

    /// What the results' topics begin with.
    private var topic: String { "result/" + stream.prefix { $0 != "{" } }

    private func measure(_ publisher: inout Publisher, _ subscription: consuming Subscription, _ control: Endpoint, _ recordings: Recordings) throws {
        var load = BenchLoad(names: (0..<streams).map { number in stream.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: String(number)) }, recordings)
        let client = try ControlClient(control, timeout: .seconds(10))
        let throughput = try BenchThroughput(&load, &publisher, client, messages: messages, batch: batch)
        let latency = try BenchLatency(&load, &publisher, &subscription, rate: rate, time: time ?? .seconds(5))
        if Interruption.hasCome { throw ExitCode(Interruption.status) }
        var output = StandardOutput()
        if json {
            var object = JSONObject()
            object.add("streams", streams)
            throughput.write(to: &object)
            latency.write(to: &object)
            try output.line(object)
        } else {
            for line in throughput.lines(streams: streams) + latency.lines { try output.line(line) }
        }
        try output.flush()
    }
}
