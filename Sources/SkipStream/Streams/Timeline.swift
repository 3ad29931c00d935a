/// What a watched stream's gate did, mark by mark. Between two marks of a sequence every timestep was received and skipped.
///
/// A ring: the oldest marks make room. Nobody records a timeline of a stream that nobody watches.
public struct Timeline: Sendable {
    /// Marks that are kept. The default dashboard shows some 300 timesteps, of which each may be a mark.
    static let capacity = 512

    private var ring: [TimelineMark] = []
    /// Where the oldest mark is, once the ring is full.
    private var oldest = 0

    init() { ring.reserveCapacity(Self.capacity) }

    mutating func append(_ mark: TimelineMark) {
        if ring.count < Self.capacity {
            ring.append(mark)
        } else {
            ring[oldest] = mark
            oldest = (oldest + 1) % Self.capacity
        }
    }

    /// The marks, oldest first.
    public var marks: [TimelineMark] { Array(ring[oldest...] + ring[..<oldest]) }
}

/// What happened to a watched stream at a timestep, or from it on.
public struct TimelineMark: Sendable, Hashable {
    public enum Kind: UInt8, Sendable {
        /// A sequence begins: the state is the model's initial one.
        case start
        /// The timestep was read: the hidden state was updated.
        case read
        /// The timestep was due but had a value that is not finite.
        case rejected
        /// Timesteps never came and would not have been read.
        case omitted
        /// Timesteps never came, and the first of them would have been read.
        case lost
    }

    public var kind: Kind
    /// The timestep, or the first one of a gap.
    public var timestep: UInt64
    /// The timestep behind it, or behind the last one of a gap.
    public var end: UInt64
    /// Δũ after the update, as it is accumulated; 0 but for `.read`.
    public var increment: Float = 0
    /// Index of the class made most probable by the update; −1 for regression and but for `.read`.
    public var label: Int32 = -1
    /// Its probability; a regression's first value.
    public var probability: Float = 0

    init(_ kind: Kind, at timestep: UInt64, until end: UInt64? = nil) {
        self.kind = kind
        self.timestep = timestep
        self.end = end ?? timestep + 1
    }
}
