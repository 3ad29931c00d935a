import ArgumentParser
import SkipConfiguration
import SkipRNN
import SkipStream
import ZeroMQ

/// `skipctl demo`: a daemon, a model, recordings and what comes out, all in one command.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts a daemon of its own, plays bundled recordings of a smartwatch into it and shows what it says.",
        discussion: """
            Seven recordings, one an exercise, are played side by side as seven streams. A line is shown where a stream's label \
            changes and at the end of each sequence; "read" is how many of the sequence's timesteps the state update gate let through. \
            The daemon needs no configuration, no root and no port, and is gone afterwards.
            """)

    @Option(help: ArgumentHelp("How many times faster than it was recorded; 1 is real time.", valueName: "factor"))
    var speed = 4.0
    @Option(help: "The model; the bundled one by default.", completion: .file(extensions: ["safetensors"]))
    var model: String?
    @Option(help: "The recording file; the bundled one by default.", completion: .file(extensions: ["safetensors"]))
    var recordings: String?
    @Flag(help: "Print NDJSON: results as published, then the summary.")
    var json = false

    /// Timesteps of a message: a fifth of a second of a watch at 50 Hz.
    private static let batch = 10

    func validate() throws {
        guard speed > 0, speed.isFinite else { throw ValidationError("--speed must be a number above 0") }
    }

    func run() throws {
        let modelPath = try model ?? BundledFile.path("models/watch.safetensors")
        let modelFile = try ModelFile(contentsOf: modelPath)
        let recordings = try Recordings(contentsOf: recordings ?? BundledFile.path("recordings/watch-seven.safetensors"))
        try Model(modelFile).check(recordings)
        guard let classes = recordings.classes, let sampleRate = recordings.sampleRate, !recordings.labels.isEmpty else {
            throw CommandFailure("\(recordings.file): the demo needs recordings with labels and a sample rate")
        }
        Interruption.watch()

        // Names like watch/ABD; a number behind where a class comes twice.
        var expected: [String: String] = [:]
        var tracks: [SampleTrack] = []
        for (index, label) in classes.map({ recordings.labels[$0] }).enumerated() where !recordings.ranges[index].isEmpty {
            let stream = expected["watch/\(label)"] == nil ? "watch/\(label)" : "watch/\(label)-\(index)"
            expected[stream] = label
            tracks.append(SampleTrack(stream: stream, RecordingSource(recordings, index..<(index + 1)), batch: Self.batch, .init(boot: newBoot())))
        }

        let daemon = try DemoDaemon(program: BundledFile.program("skipd"), model: modelPath)
        var publisher = try Publisher(daemon.ingest, .sub)
        var subscription = try Subscription(daemon.results, topics: ["result/"])
        try waitUntilReady(daemon, &publisher)

        var output = StandardOutput()
        let palette = Palette.standardOutput
        if !json {
            let architecture = modelFile.architecture
            try output.line("\(palette.bold("\(recordings.count) recordings of a smartwatch")) (\(recordings.featureCount) channels at \(decimal(sampleRate, 0)) Hz, \(recordings.labels.joined(separator: " "))) played at \(decimal(speed, speed == speed.rounded() ? 0 : 1)) × real time,")
            try output.line("each a stream of its own, through \(architecture.cell.rawValue) with \(architecture.topHiddenSize) hidden units.")
            try output.line("")
            try output.line(palette.bold(DemoTally.heading))
            try output.flush()
        }
        var tally = DemoTally(expected: expected)
        let total = recordings.lengths.reduce(0, +)
        let start = ContinuousClock.now
        var rounds = 0
        var deadline = start + .seconds(10)
        while tally.timesteps < total {
            if Interruption.hasCome { throw ExitCode(Interruption.status) }
            guard daemon.isRunning else { throw CommandFailure("the demo's daemon has ended, \(daemon.lastWords)") }
            let due = start + .seconds(Double(rounds * Self.batch) / (sampleRate * speed))
            if !tracks.isEmpty, due <= .now {
                for index in tracks.indices.reversed() {
                    guard let message = try tracks[index].nextMessage(timestamp: wallClock()) else {
                        tracks.remove(at: index)
                        continue
                    }
                    // Without hints every message has bytes.
                    if let bytes = message.bytes { try publisher.send(bytes, isCancelled: { Interruption.hasCome }) }
                }
                rounds += 1
                deadline = .now + .seconds(10)
            }
            guard deadline > .now else { throw CommandFailure("the demo's daemon has taken everything but only \(tally.timesteps) of \(total) timesteps came back in results, \(daemon.lastWords)") }
            guard let frames = try subscription.receive(until: tracks.isEmpty ? deadline : due), let message = PublishedMessage(frames) else { continue }
            tally.note(message)
            try output.line(json ? message.json : tally.line(message, seconds: start.duration(to: .now) / .seconds(1), palette))
            try output.flush()
        }
        if json {
            try output.line(tally.object())
        } else {
            try output.line("")
            for line in tally.summary(palette) { try output.line(line) }
        }
        try output.flush()
    }

    /// Waits until the daemon takes samples and has heard that we listen: what it publishes before would be lost.
    private func waitUntilReady(_ daemon: borrowing DemoDaemon, _ publisher: inout Publisher) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        var isTaken = false
        while ContinuousClock.now < deadline {
            if Interruption.hasCome { throw ExitCode(Interruption.status) }
            guard daemon.isRunning else { throw CommandFailure("the demo's daemon did not start, \(daemon.lastWords)") }
            isTaken = try publisher.waitUntilTaken(.now + .milliseconds(50), isCancelled: { Interruption.hasCome })
            guard isTaken else { continue }
            let client = try ControlClient(daemon.control, timeout: .seconds(5))
            if try client.ask(ControlRequest(.status), for: StatusReply.self).reply.subscriptions > 0 { return }
        }
        throw CommandFailure("the demo's daemon did not become ready in 20 s, \(daemon.lastWords)")
    }
}
