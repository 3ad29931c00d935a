public import ArgumentParser // Public, since a conformance of a public type is.
public import SkipConfiguration
import SkipStream

/// Where commands that publish samples find the daemon, and how long they wait for it.
struct IngestArguments: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("How long to wait for the daemon. (default: 10s)", valueName: "time"), transform: duration)
    var wait: Duration?
    @Option(help: ArgumentHelp("Where samples are taken; by default the configuration says.", valueName: "endpoint"))
    var ingest: Endpoint?
    @Option(help: "How samples are taken there: sub or pull; by default the configuration says.")
    var pattern: IngestPattern?
    @OptionGroup var keys: KeyArguments
    @OptionGroup var configuration: ConfigurationArguments

    /// Connects, and waits until the daemon takes samples.
    /// - Throws: `CommandFailure` where it doesn't in time.
    func publisher() throws -> Publisher {
        let configuration = ingest == nil || pattern == nil ? try configuration.load() : Configuration()
        let (endpoint, binds) = try ingest.map { ($0, false) } ?? configuration.ingestEndpoint(keys)
        var publisher = try Publisher(endpoint, pattern ?? configuration.ingest.pattern, binds: binds, keys: keys.load())
        guard try publisher.waitUntilTaken(.now + (wait ?? .seconds(10)), isCancelled: { Interruption.hasCome }) else {
            if Interruption.hasCome { throw ExitCode(Interruption.status) }
            throw CommandFailure("no skipd takes samples at \(endpoint): is it running? `systemctl status skipd` tells", status: wait == nil ? .failure : .nothingMatched)
        }
        return publisher
    }

    /// What the daemon says of its routes; nil where it isn't known that the endpoint is its, or it can't be asked. A device can't ask either.
    func daemon() -> StatusReply? {
        guard ingest == nil, let control = try? configuration.load().control.bind.reachable else { return nil }
        return try? ControlClient(control, timeout: .seconds(2)).ask(ControlRequest(.status), for: StatusReply.self).reply
    }
}

extension StatusReply {
    /// Refuses to send what the daemon would drop, message by message, without a word to the sender.
    func check(_ tracks: [SampleTrack]) throws(CommandFailure) {
        for track in tracks {
            guard let route = route(of: track.stream) else {
                // A daemon without routes, a cluster's gateway, leaves that to others.
                guard let routes, !routes.isEmpty else { continue }
                throw CommandFailure("no route of skipd matches the stream \(track.stream), so its samples would be dropped; there are \(routes.map(\.route).joined(separator: ", "))")
            }
            guard let features = features(of: track.stream), features != track.featureCount else { continue }
            throw CommandFailure("the stream \(track.stream) has \(counted(track.featureCount, "feature")) a timestep, the model \(route.model), which is its, reads \(features); its samples would be dropped")
        }
    }

    /// The numbers of a timestep that the model of a stream's route reads; nil where that isn't known.
    func features(of stream: String) -> Int? { route(of: stream).flatMap { route in models.first { $0.name == route.model }?.features } }

    private func route(of stream: String) -> RouteReply? { routes?.first { StreamPattern($0.route).matches(stream.utf8) } }
}

extension Publisher {
    /// Sends all of several tracks, side by side.
    /// - Parameters:
    ///   - rate: timesteps per second; nil for as fast as the daemon takes them.
    ///   - hints: what tells them which timesteps won't be read; nil sends all.
    mutating func play(_ tracks: inout [SampleTrack], rate: Double?, title: String, hints: HintFollower? = nil) throws {
        var pace = Pace(rate: rate)
        var progress = Progress("\(title): ", of: tracks.compactMap(\.total).reduce(0, +), isKnown: tracks.allSatisfy { $0.total != nil })
        // Round by round, so that streams played side by side keep in step.
        while !tracks.isEmpty, !Interruption.hasCome {
            var longest = 0
            try hints?.read(into: &tracks)
            for index in tracks.indices.reversed() {
                guard let message = try tracks[index].nextMessage(timestamp: pace.timestamp) else {
                    if let farewell = tracks[index].farewell() { try send(farewell, isCancelled: { Interruption.hasCome }) }
                    hints?.count(tracks[index])
                    tracks.remove(at: index)
                    continue
                }
                if let bytes = message.bytes { try send(bytes, isCancelled: { Interruption.hasCome }) }
                longest = max(longest, message.count)
                progress.advance(message.count)
            }
            pace.pass(longest)
        }
        progress.finish()
        if Interruption.hasCome { throw ExitCode(Interruption.status) }
    }
}

extension IngestPattern: ExpressibleByArgument {}

extension Configuration {
    /// Where a device on the daemon's machine sends: what the daemon is bound to, else where it connects, which a device then binds.
    func ingestEndpoint(_ keys: KeyArguments) throws(CommandFailure) -> (endpoint: Endpoint, binds: Bool) {
        if let endpoint = try keys.reachable(ingest.bind, security, "samples") { return (endpoint.reachable, false) }
        guard let endpoint = ingest.connect.first else { throw CommandFailure("the configuration names no ingest endpoint; give one with --ingest") }
        return (endpoint, true)
    }
}
