/// What bounds a processor's memory.
public struct StreamLimits: Sendable, Equatable {
    /// The most streams at a time. The default is 1,000,000.
    public var maximumStreams = 1_000_000
    /// A Boolean value indicating whether a new stream past the most pushes out the longest idle of a sample; else it is refused. The default is true.
    public var evict = true
    /// Streams without a message for so many seconds are dropped; 0 for never. The default is 86,400.
    public var idleTimeout: UInt32 = 86_400

    public init() {}
}
