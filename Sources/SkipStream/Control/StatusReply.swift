/// The reply to `status`: what runs, and everything counted since the start.
public struct StatusReply: Codable, Sendable, Equatable {
    /// What became of timesteps. Those that arrived are updated + skipped + stale + rejected; omitted and lost ones did not.
    public struct Timesteps: Codable, Sendable, Equatable {
        public var updated: UInt64
        public var skipped: UInt64
        public var omitted: UInt64
        public var lost: UInt64
        public var stale: UInt64
        public var rejected: UInt64
    }

    public var ok = true
    public var version: String
    public var uptimeSeconds: Double
    /// `running`, or `drained`: no more samples are taken.
    public var state: String
    public var streams: Int
    public var messages: UInt64
    public var timesteps: Timesteps
    /// Unusable messages by cause; every cause is there.
    public var dropped: [String: UInt64]
    public var results: UInt64
    public var evicted: UInt64
    public var expired: UInt64
    /// The most that the oldest sample not yet worked off can have waited.
    public var lagSeconds: Double
    public var models: [ModelReply]
    /// nil from a daemon that has no such thing yet, as with those that follow.
    public var routes: [RouteReply]?
    /// Streams that still run as before a reload, because none of the moments has come at which they take the change.
    public var streamsBehind: Int?
    /// Updates that `max_skip` set, and that `max_updates` put off.
    public var forcedUpdates: UInt64?
    public var deferredUpdates: UInt64?
    /// Topics' prefixes that somebody has subscribed to.
    public var subscriptions: Int
    /// Endpoints in force, with the ports that the system chose.
    public var ingest: [String]
    public var resultsEndpoints: [String]
    /// The configuration file.
    public var configuration: String
    /// Reloads that took effect since the start, and those that did not.
    public var reloads: Int
    public var failedReloads: Int
    /// What became of checkpoints; nil where none are kept.
    public var checkpoint: CheckpointReply?
    /// Its part in a cluster; nil where it is by itself.
    public var cluster: ClusterReply?

    private enum CodingKeys: String, CodingKey {
        case ok, version, state, streams, messages, timesteps, dropped, results, evicted, expired, models, routes, subscriptions, ingest, configuration, reloads, checkpoint, cluster
        case uptimeSeconds = "uptime_s"
        case lagSeconds = "lag_s"
        case streamsBehind = "streams_behind"
        case forcedUpdates = "forced_updates"
        case deferredUpdates = "deferred_updates"
        case resultsEndpoints = "results_endpoints"
        case failedReloads = "failed_reloads"
    }

    public init(
        version: String, uptimeSeconds: Double, state: String, streams: Int, counters: Counters, lagSeconds: Double, models: [ModelReply],
        routes: [RouteReply] = [], streamsBehind: Int = 0, subscriptions: Int, ingest: [String], resultsEndpoints: [String], configuration: String, reloads: Int, failedReloads: Int,
        checkpoint: CheckpointReply? = nil, cluster: ClusterReply? = nil
    ) {
        self.version = version
        self.uptimeSeconds = uptimeSeconds
        self.state = state
        self.streams = streams
        messages = counters.messages
        timesteps = Timesteps(
            updated: counters.updated, skipped: counters.skipped, omitted: counters.omitted, lost: counters.lost, stale: counters.stale,
            rejected: counters.rejected)
        dropped = Dictionary(uniqueKeysWithValues: DropCause.allCases.map { ($0.rawValue, counters[$0]) })
        results = counters.results
        evicted = counters.evicted
        expired = counters.expired
        self.lagSeconds = lagSeconds
        self.models = models
        self.routes = routes
        self.streamsBehind = streamsBehind
        forcedUpdates = counters.forced
        deferredUpdates = counters.deferred
        self.subscriptions = subscriptions
        self.ingest = ingest
        self.resultsEndpoints = resultsEndpoints
        self.configuration = configuration
        self.reloads = reloads
        self.failedReloads = failedReloads
        self.checkpoint = checkpoint
        self.cluster = cluster
    }
}
