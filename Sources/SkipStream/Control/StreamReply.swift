import SkipRNN

/// What is known of a stream: the reply to `stream`, and one element of that to `streams`.
public struct StreamReply: Codable, Sendable, Equatable {
    public var stream: String
    public var model: String
    /// The label that the state makes most probable, and its probability; nil before the sequence's first update and for regression.
    public var label: String?
    public var p: Float?
    /// The next timestep expected.
    public var nextTimestep: UInt64
    /// The timestep from which on an update is due; nil for never.
    public var dueTimestep: UInt64?
    /// The device's boot number; 0 where it gave none.
    public var boot: UInt32
    /// Timesteps and updates since the sequence began.
    public var timesteps: UInt64
    public var updates: UInt64
    /// Results so far.
    public var n: UInt64
    /// Timesteps that never came: unread anyway, and missed.
    public var omitted: UInt64
    public var lost: UInt32
    /// Δũ as accumulated, and ũ now.
    public var updateProbabilityIncrement: Float
    public var cumulativeUpdateProbability: Float
    /// The time of the last timestep read; nil before the first.
    public var time: String?
    /// Seconds since the last message.
    public var idleSeconds: UInt32
    public var shard: Int
    /// κ that its next update takes, and whether it is the stream's own; nil from a daemon that doesn't tell yet.
    public var stretch: Float?
    public var hasOwnStretch: Bool?

    private enum CodingKeys: String, CodingKey {
        case stream, model, label, p, boot, timesteps, updates, n, omitted, lost, time, shard, stretch
        case nextTimestep = "next_seq"
        case dueTimestep = "due_seq"
        case updateProbabilityIncrement = "update_probability_increment"
        case cumulativeUpdateProbability = "cumulative_update_probability"
        case idleSeconds = "idle_s"
        case hasOwnStretch = "own_stretch"
    }

    public init(_ status: StreamStatus) {
        stream = status.name
        model = status.model
        label = status.label
        p = status.probability
        nextTimestep = status.next
        dueTimestep = status.due
        boot = status.boot
        timesteps = status.timesteps
        updates = status.updates
        n = status.results
        omitted = status.omitted
        lost = status.lost
        updateProbabilityIncrement = status.gate.updateProbabilityIncrement
        cumulativeUpdateProbability = status.gate.cumulativeUpdateProbability
        time = status.lastReadTime.map { time in
            var text: [UInt8] = []
            text.append(timestamp: time)
            return String(decoding: text, as: UTF8.self)
        }
        idleSeconds = status.idleSeconds
        shard = status.shard
        stretch = status.stretch
        hasOwnStretch = status.hasOwnStretch
    }
}

/// The reply to `stream`: the stream's fields beside `ok`.
public struct SingleStreamReply: Codable, Sendable, Equatable {
    public var stream: StreamReply

    public init(_ status: StreamStatus) { stream = StreamReply(status) }

    private enum CodingKeys: String, CodingKey { case ok }

    public init(from decoder: any Decoder) throws { stream = try StreamReply(from: decoder) }

    public func encode(to encoder: any Encoder) throws {
        try stream.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(true, forKey: .ok)
    }
}
