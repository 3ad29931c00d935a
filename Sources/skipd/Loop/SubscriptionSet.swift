/// Which topics somebody wants: the prefixes that subscribers asked for, each with how often.
///
/// Prefixes are kept as 64-bit hashes. Two that collide count as one, so that at worst a result is encoded which nobody wants; one that
/// somebody wants is never missed.
package struct SubscriptionSet {
    /// By hash: how many subscriptions.
    private var counts: [UInt64: Int] = [:]
    /// By length: how many subscriptions.
    private var lengthCounts = [Int](repeating: 0, count: longestTopic + 1)
    /// Lengths of which there are any, ascending.
    private var lengths: [Int] = []

    /// Longer prefixes match no topic: `result/` or `sample/` and a name of at most 255 bytes.
    private static let longestTopic = 7 + 255

    package init() {}

    /// Distinct prefixes.
    package var count: Int { counts.count }

    /// Adds a subscription.
    package mutating func insert(_ prefix: UnsafeRawBufferPointer) {
        guard prefix.count <= Self.longestTopic else { return }
        counts[Self.hash(prefix), default: 0] += 1
        lengthCounts[prefix.count] += 1
        if lengthCounts[prefix.count] == 1 { updateLengths() }
    }

    /// Takes a subscription back; one that isn't there is ignored.
    package mutating func remove(_ prefix: UnsafeRawBufferPointer) {
        guard prefix.count <= Self.longestTopic, let count = counts[Self.hash(prefix)] else { return }
        counts[Self.hash(prefix)] = count > 1 ? count - 1 : nil
        lengthCounts[prefix.count] -= 1
        if lengthCounts[prefix.count] == 0 { updateLengths() }
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
            if counts[hash] != nil { return true }
        }
        return false
    }

    private mutating func updateLengths() { lengths = lengthCounts.indices.filter { lengthCounts[$0] > 0 } }

    // FNV-1a, which gives the hash of each prefix on the way to a longer one's.

    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

    @inline(__always)
    private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    private static func hash(_ prefix: UnsafeRawBufferPointer) -> UInt64 { prefix.reduce(start, mix) }
}
