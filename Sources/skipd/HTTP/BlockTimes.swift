/// How long blocks of messages took to work off: a histogram that the sample loop keeps for itself.
///
/// Recording one block is a short search through 20 bounds and two additions: no lock, no allocation, some 5 ns. Other threads see copies.
struct BlockTimes: Sendable {
    /// Upper bounds in nanoseconds: 1, 2, 5 in each decade from a microsecond to two seconds. The last bucket, beyond, is infinite.
    static let bounds: InlineArray<20, UInt64> = [
        1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000,
        20_000_000, 50_000_000, 100_000_000, 200_000_000, 500_000_000, 1_000_000_000, 2_000_000_000,
    ]

    /// Blocks in each bucket, not cumulative.
    private(set) var counts = InlineArray<21, UInt64>(repeating: 0)
    /// Nanoseconds of all blocks.
    private(set) var total: UInt64 = 0

    /// Notes a block.
    mutating func record(nanoseconds: UInt64) {
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > Self.bounds[bucket] { bucket += 1 }
        counts[bucket] &+= 1
        total &+= nanoseconds
    }
}
