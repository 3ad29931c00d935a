// Replies on the control socket: JSON objects with `ok`, and what was asked for or `error`.

/// What any reply says first: whether the request was carried out, and if not, why.
public struct ControlOutcome: Codable, Sendable, Equatable {
    public var ok: Bool
    /// One sentence; nil where `ok`.
    public var error: String?
    /// False where what the request names, a stream or a route, isn't there; else nil.
    public var found: Bool?

    /// A request carried out.
    public init() { ok = true }

    /// A request refused.
    public init(error: String, found: Bool? = nil) {
        ok = false
        self.error = error
        self.found = found
    }
}

/// The reply to `models`.
public struct ModelsReply: Codable, Sendable, Equatable {
    public var ok = true
    public var models: [ModelReply]

    public init(models: [ModelReply]) { self.models = models }
}

/// One model in force.
public struct ModelReply: Codable, Sendable, Equatable {
    public var name: String
    /// A hash of its architecture and weights.
    public var identity: String
    /// F: the numbers of a timestep; nil from a daemon that doesn't say so yet.
    public var features: Int?
    /// Streams that run through it.
    public var streams: Int
    /// Updates it has made.
    public var updates: UInt64

    public init(_ status: ModelStatus) {
        name = status.name
        identity = status.identity
        features = status.features
        streams = status.streams
        updates = status.updates
    }
}

/// The reply to `streams`.
public struct StreamsReply: Codable, Sendable, Equatable {
    public var ok = true
    public var streams: [StreamReply]
    /// What the next request says to go on; nil past the last stream.
    public var cursor: UInt64?

    public init(streams: [StreamReply], cursor: UInt64?) {
        self.streams = streams
        self.cursor = cursor
    }
}

/// The reply to `reset`.
public struct ResetReply: Codable, Sendable, Equatable {
    public var ok = true
    /// Streams reset.
    public var reset: Int

    public init(reset: Int) { self.reset = reset }
}

/// The reply to `reload`.
public struct ReloadReply: Codable, Sendable, Equatable {
    public var ok = true
    public var models: Int
    public var routes: Int
    /// What took effect only in part, or surely isn't meant; a sentence each.
    public var warnings: [String]

    public init(models: Int, routes: Int, warnings: [String]) {
        self.models = models
        self.routes = routes
        self.warnings = warnings
    }
}

/// The reply to `drain`.
public struct DrainReply: Codable, Sendable, Equatable {
    public var ok = true
    /// Messages worked off since the request.
    public var messages: UInt64
    /// A Boolean value indicating whether nothing that had arrived is left.
    public var isEmpty: Bool

    private enum CodingKeys: String, CodingKey {
        case ok, messages
        case isEmpty = "empty"
    }

    public init(messages: UInt64, isEmpty: Bool) {
        self.messages = messages
        self.isEmpty = isEmpty
    }
}
