import SkipConfiguration
import SkipStream
import Synchronization

/// What `status` says beside the loop's counts.
final class StatusSource: Sendable {
    /// Reloads so far.
    struct Reloads: Sendable {
        var succeeded = 0
        var failed = 0
        /// A Boolean value indicating whether the last one failed; what it was to replace still runs.
        var lastFailed = false
        /// When the configuration in force was read, in seconds since the Unix epoch.
        var successTime = Double(Time.sinceEpoch) / 1e9

        mutating func succeed() {
            succeeded += 1
            lastFailed = false
            successTime = Double(Time.sinceEpoch) / 1e9
        }

        mutating func fail() {
            failed += 1
            lastFailed = true
        }
    }

    let configuration: String
    let ingest: [String]
    let results: [String]
    let reloads = Mutex(Reloads())
    private let start = Time.monotonic

    init(configuration: String, ingest: [String], results: [String]) {
        self.configuration = configuration
        self.ingest = ingest
        self.results = results
    }

    /// The whole reply.
    func reply(_ loop: LoopStatus) -> StatusReply {
        let reloads = reloads.withLock { $0 }
        return StatusReply(
            version: version, uptimeSeconds: Double(Time.monotonic - start) / 1e9, state: loop.isDrained ? "drained" : "running", streams: loop.streams,
            counters: loop.counters, lagSeconds: loop.lag / .seconds(1), models: loop.models.map(ModelReply.init),
            routes: loop.routes.map(RouteReply.init), streamsBehind: loop.streamsBehind, subscriptions: loop.subscriptions,
            ingest: ingest, resultsEndpoints: results, configuration: configuration, reloads: reloads.succeeded, failedReloads: reloads.failed,
            checkpoint: loop.checkpoint, cluster: loop.cluster)
    }

    /// One line, for `systemctl status`.
    static func line(_ loop: LoopStatus) -> String {
        let timesteps = loop.counters.updated + loop.counters.skipped
        let rate = timesteps > 0 ? ", \((loop.counters.updated * 1000 / timesteps).formattedPercent) of timesteps read" : ""
        return "\(loop.isDrained ? "Drained: " : "")\(loop.streams) streams, \(loop.counters.messages) messages\(rate)"
    }
}

extension UInt64 {
    /// Tenths of a percent as a percentage: 123 is `12.3 %`.
    fileprivate var formattedPercent: String { "\(self / 10).\(self % 10) %" }
}
