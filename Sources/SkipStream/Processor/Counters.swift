/// What became of everything since the start. Timesteps that arrived = updated + skipped + stale + rejected, always.
public struct Counters: Sendable, Equatable {
    /// Messages received, unusable ones included.
    public var messages: UInt64 = 0
    /// Timesteps at which a state was updated.
    public var updated: UInt64 = 0
    /// Timesteps that arrived and were not read.
    public var skipped: UInt64 = 0
    /// Timesteps that did not arrive and would not have been read.
    public var omitted: UInt64 = 0
    /// Timesteps that did not arrive, from the one on at which an update was due.
    public var lost: UInt64 = 0
    /// Timesteps that arrived but had been passed already.
    public var stale: UInt64 = 0
    /// Timesteps with a value that is not finite or too large, at which an update was due.
    public var rejected: UInt64 = 0
    /// Results published or counted for want of a subscriber.
    public var results: UInt64 = 0
    /// Streams evicted to make room.
    public var evicted: UInt64 = 0
    /// Streams dropped after a time without a message.
    public var expired: UInt64 = 0
    /// Updates computed together, and in how many calls: their ratio is the mean batch.
    public var batches: UInt64 = 0
    /// Unusable messages by cause, in the order of `DropCause.allCases`.
    private var drops: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)

    public init() {}

    /// Where the timesteps that did not arrive are counted no further. A message may tell of 2⁵³ of them, and only 2,048 such messages would
    /// overflow the count; up to here it can also be added to others.
    public static let mostMissing: UInt64 = 1 << 62

    /// Counts a gap.
    mutating func miss(omitted: UInt64, lost: UInt64) {
        self.omitted = min(self.omitted + omitted, Self.mostMissing)
        self.lost = min(self.lost + lost, Self.mostMissing)
    }

    /// Messages dropped for a cause.
    public subscript(cause: DropCause) -> UInt64 {
        get {
            switch cause {
            case .malformed: drops.0
            case .unknownRoute: drops.1
            case .wrongFeatures: drops.2
            case .overLimit: drops.3
            case .denied: drops.4
            }
        }
        set {
            switch cause {
            case .malformed: drops.0 = newValue
            case .unknownRoute: drops.1 = newValue
            case .wrongFeatures: drops.2 = newValue
            case .overLimit: drops.3 = newValue
            case .denied: drops.4 = newValue
            }
        }
    }

    public static func == (a: Counters, b: Counters) -> Bool {
        a.messages == b.messages && a.updated == b.updated && a.skipped == b.skipped && a.omitted == b.omitted && a.lost == b.lost
            && a.stale == b.stale && a.rejected == b.rejected && a.results == b.results && a.evicted == b.evicted
            && a.expired == b.expired && a.batches == b.batches && a.drops == b.drops
    }
}
