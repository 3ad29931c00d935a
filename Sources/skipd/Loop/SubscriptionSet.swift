/// Which topics somebody wants: the prefixes that subscribers asked for and were granted, each with how often.
///
/// Prefixes are kept as 64-bit hashes. Two that collide count as one, so that at worst a result is encoded which nobody wants; one that
/// somebody wants is never missed.
package struct SubscriptionSet {
    /// How many subscriptions to a prefix there are, and how many of them were granted.
    private struct Count {
        var asked = 0
        var granted = 0
    }

    /// By hash.
    private var counts: [UInt64: Count] = [:]
    /// Prefixes of which some subscription was granted.
    package private(set) var count = 0
    /// By length: how many such prefixes.
    private var lengthCounts = [Int](repeating: 0, count: longestTopic + 1)
    /// Lengths of which there are any, ascending.
    private var lengths: [Int] = []

    /// Longer prefixes match no topic: `result/` or `sample/` and a name of at most 255 bytes.
    private static let longestTopic = 7 + 255

    package init() {}

    /// Adds a subscription. One that was refused has to be known too, since libzmq tells its end.
    package mutating func insert(_ prefix: UnsafeRawBufferPointer, isGranted: Bool = true) {
        change(prefix) { count in
            count.asked += 1
            if isGranted { count.granted += 1 }
        }
    }

    /// Takes a subscription back; one that isn't there is ignored.
    package mutating func remove(_ prefix: UnsafeRawBufferPointer, wasGranted: Bool = true) {
        change(prefix) { count in
            count.asked -= 1
            count.granted = min(count.asked, count.granted - (wasGranted ? 1 : 0))
        }
    }

    /// Takes one back of which nobody knows whether it was granted: a refused one, as long as there may be some.
    package mutating func removeOne(_ prefix: UnsafeRawBufferPointer) { remove(prefix, wasGranted: false) }

    private mutating func change(_ prefix: UnsafeRawBufferPointer, _ body: (inout Count) -> Void) {
        guard prefix.count <= Self.longestTopic else { return }
        let hash = Self.hash(prefix)
        let before = counts[hash] ?? Count()
        var after = before
        body(&after)
        counts[hash] = after.asked > 0 ? after : nil
        let change = (after.granted > 0 && after.asked > 0 ? 1 : 0) - (before.granted > 0 ? 1 : 0)
        guard change != 0 else { return }
        count += change
        lengthCounts[prefix.count] += change
        lengths = lengthCounts.indices.filter { lengthCounts[$0] > 0 }
    }

    /// A Boolean value indicating whether anybody wants a topic.
    package func contains(_ topic: UnsafeRawBufferPointer) -> Bool {
        var hash = Self.start
        var position = 0
        for length in lengths {
            guard length <= topic.count else { return false }
            while position < length {
                hash = Self.mix(hash, topic[position])
                position += 1
            }
            if let count = counts[hash], count.granted > 0 { return true }
        }
        return false
    }

    // FNV-1a, which gives the hash of each prefix on the way to a longer one's.

    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

    @inline(__always)
    private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    static func hash(_ prefix: UnsafeRawBufferPointer) -> UInt64 { prefix.reduce(start, mix) }
}
