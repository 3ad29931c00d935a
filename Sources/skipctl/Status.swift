import ArgumentParser
import Glibc
import SkipStream

/// `skipctl status`: what the daemon does, in one look.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what the daemon does and what became of the samples.",
        discussion: "Numbers are counted since the daemon's start; rates are those of the half second that the command takes.")

    @Flag(help: "Print one JSON object, as the daemon sends it, at once.")
    var json = false
    @Flag(help: "Show the cluster that [cluster] of the configuration names: its workers, and how far they are.")
    var cluster = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        if cluster { return try ClusterStatus.show(control.configuration, json: json) }
        let client = try control.client()
        let (first, object) = try client.ask(ControlRequest(.status), for: StatusReply.self)
        var output = StandardOutput()
        if json {
            try output.line(object.text)
        } else {
            let start = ContinuousClock.now
            usleep(500_000)
            let second = try client.ask(ControlRequest(.status), for: StatusReply.self).reply
            let elapsed = start.duration(to: .now) / .seconds(1)
            for line in Self.lines(first, second, seconds: elapsed, .standardOutput) { try output.line(line) }
        }
        try output.flush()
    }

    private static func sentence(_ checkpoint: CheckpointReply, _ palette: Palette) -> String {
        var parts = checkpoint.ageSeconds.map { ["\(period($0)) ago, \(counted(checkpoint.streams, "stream")) in \(decimal(checkpoint.durationSeconds ?? 0, 3)) s"] } ?? ["none yet"]
        if let error = checkpoint.error { parts.append(palette.red(error)) }
        return parts.joined(separator: "; ")
    }

    /// - Parameters:
    ///   - before: the status `seconds` before `now`, for rates.
    static func lines(_ before: StatusReply, _ now: StatusReply, seconds: Double, _ palette: Palette) -> [String] {
        func rate(_ count: (StatusReply) -> UInt64) -> String { "\(grouped(Int((Double(count(now) &- count(before)) / seconds).rounded())))/s" }
        func fact(_ name: String, _ value: String) -> String { palette.bold((name + ":").padded(to: 15)) + value }
        let timesteps = now.timesteps
        let arrived = timesteps.updated + timesteps.skipped + timesteps.stale + timesteps.rejected
        let passed = timesteps.updated + timesteps.skipped + timesteps.omitted
        var lines = [
            fact("skipd", "\(now.version), \(now.state), up \(period(now.uptimeSeconds)), \(now.configuration)"),
            fact("streams", grouped(now.streams)),
            fact("messages", "\(grouped(Int(now.messages))), \(rate(\.messages))"),
            fact("timesteps", "\(grouped(Int(arrived))) arrived, \(rate { $0.timesteps.updated + $0.timesteps.skipped + $0.timesteps.stale + $0.timesteps.rejected })"),
            fact("update rate", "\(percentage(Int(timesteps.updated), of: Int(passed))); \(grouped(Int(timesteps.updated))) updated, \(grouped(Int(timesteps.skipped))) skipped, \(grouped(Int(timesteps.omitted))) never sent"),
            fact("trouble", "\(grouped(Int(timesteps.lost))) timesteps lost, \(grouped(Int(timesteps.stale))) stale, \(grouped(Int(timesteps.rejected))) rejected"),
        ]
        let dropped = now.dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        lines.append(fact("dropped", dropped.isEmpty ? "no message" : palette.red(dropped.map { "\(counted(Int($0.value), "message")) \($0.key)" }.joined(separator: ", "))))
        if let forced = now.forcedUpdates, let deferred = now.deferredUpdates, forced + deferred > 0 {
            lines.append(fact("bounds", "\(counted(Int(forced), "update")) set by max_skip, \(grouped(Int(deferred))) put off by max_updates"))
        }
        if let behind = now.streamsBehind, behind > 0 { lines.append(fact("reload", "\(counted(behind, "stream")) not yet under what the last reload brought")) }
        for route in now.routes ?? [] {
            guard let budget = route.budget, budget.factor > 1 else { continue }
            let words = budget.exceeded ? palette.red("over its budget, though all that can be shed is shed") : "stretched to hold its budget"
            lines.append(fact("budget", "\(route.route) \(words): stretch \(decimal(route.stretch, 2))"))
        }
        lines.append(fact("lag", now.lagSeconds > 0 ? "\(decimal(now.lagSeconds, 3)) s behind: samples came faster than they were worked off" : "none: samples are worked off as they come"))
        lines.append(fact("results", "\(grouped(Int(now.results))), \(rate(\.results)), \(counted(now.subscriptions, "subscription"))"))
        if let checkpoint = now.checkpoint { lines.append(fact("checkpoint", Self.sentence(checkpoint, palette))) }
        lines.append(fact("endpoints", (now.ingest + now.resultsEndpoints).joined(separator: ", ")))
        var table = TextTable([("model", .left), ("identity", .left), ("streams", .right), ("updates", .right)])
        for model in now.models { table.add([model.name, model.identity, grouped(model.streams), grouped(Int(model.updates))]) }
        return lines + [""] + table.lines(palette)
    }
}

/// A time in its two largest units: `3d 4h`, `12m 5s`, `7s`.
func period(_ seconds: Double) -> String {
    var rest = Int(max(0, seconds))
    var parts: [String] = []
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= size || !parts.isEmpty || unit == "s" { parts.append("\(rest / size)\(unit)") }
        rest %= size
    }
    return parts.prefix(2).joined(separator: " ")
}
