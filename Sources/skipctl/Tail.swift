import ArgumentParser
import SkipConfiguration
import ZeroMQ

/// `skipctl tail`: follows what skipd publishes.
struct Tail: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follows results as they come.",
        discussion: """
            PREFIX selects streams: watch/7 is that stream and everything below it (watch/7/left, but not watch/70), watch/ everything \
            below watch/. With a * it is a glob as in routes: watch/7* matches within a path segment, watch/** across. \
            Without one, all streams are followed.

            What is published while nobody listens is gone: no history is kept. A restart of the daemon is waited out. Results that \
            were missed because this terminal was too slow are told on standard error.

            Exit status: 0 after --count messages, or when --wait has run out and something came; 2 when --wait has run out and \
            nothing came, or fewer than --count.
            """)

    @Argument(help: "Streams to follow; all by default.")
    var prefix: [String] = []
    @Flag(help: "Follow hints: up to which timestep nothing will be read.")
    var hints = false
    @Flag(help: "Follow events: timesteps lost or rejected, streams reset or evicted.")
    var events = false
    @Flag(help: "Follow results, hints and events.")
    var all = false
    @Option(name: [.customShort("n", allowingJoined: true), .long], help: "End after so many messages.")
    var count: Int?
    @Option(name: .shortAndLong, help: ArgumentHelp("Only results with this label; may be given more than once.", valueName: "label"))
    var label: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("A line with places for fields: {\(LineTemplate.fields.joined(separator: "} {"))}; \\t and \\n.", valueName: "line"))
    var format: String?
    @Flag(help: "Print NDJSON, as published.")
    var json = false
    @Flag(help: "Follow the results of a whole cluster, from the NATS servers that [cluster] of the configuration names.")
    var nats = false
    @OptionGroup var published: ResultsArguments

    func validate() throws {
        guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be a whole number from 1 up") }
        guard !nats || (!hints && !events && !all && published.results == nil) else { throw ValidationError("--nats has results only, and from NATS; leave out --hints, --events, --all and --results") }
        guard !(json && format != nil) else { throw ValidationError("--json and --format exclude each other") }
        if let format {
            do { _ = try LineTemplate(format) } catch { throw ValidationError("\(error)") }
        }
    }

    private var kinds: [PublishedMessage.Kind] {
        if all { return [.result, .hint, .event] }
        let chosen: [PublishedMessage.Kind] = (hints ? [.hint] : []) + (events ? [.event] : [])
        return chosen.isEmpty ? [.result] : chosen
    }

    func run() throws {
        let selection = StreamSelection(prefix)
        let template = try format.map { text throws(LineTemplate.Problem) in try LineTemplate(text) }
        let palette = Palette.standardOutput
        var messages = try nats ? published.followCluster() : published.follow(topics: kinds.flatMap { kind in selection.prefixes.map { kind.prefix + $0 } })
        var output = StandardOutput()
        var missed = MissedResults()
        var seen = 0
        while count.map({ seen < $0 }) ?? true, let frames = try messages.next() {
            guard let message = PublishedMessage(frames), selection.contains(message.stream) else { continue }
            if let warning = missed.note(message) { tell(warning) }
            guard label.isEmpty || message.body["label"]?.string.map({ label.contains($0) }) == true else { continue }
            seen += 1
            let line = json ? message.json : template?.line(message.field) ?? message.line(palette)
            try output.line(line)
            try output.flush()
        }
        if seen < count ?? 1 { throw ExitCode.nothingMatched }
    }
}

/// Notices by the counter `n` of results which ones a subscriber didn't get.
struct MissedResults {
    private var last: [String: Int] = [:]

    /// - Returns: a sentence where results are missing before this one.
    mutating func note(_ message: PublishedMessage) -> String? {
        guard message.kind == .result, let number = message.body["n"]?.integer else { return nil }
        // A smaller number is a stream that began anew: the daemon was restarted, or had evicted it.
        guard let before = last.updateValue(number, forKey: message.stream), number > before + 1 else { return nil }
        return "\(counted(number - before - 1, "result")) of \(message.stream) missed before n = \(number); read faster, or follow fewer streams"
    }
}
