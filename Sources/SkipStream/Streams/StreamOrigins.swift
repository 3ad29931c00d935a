import Glibc

/// Which device brought each stream, as far as fairness needs it: one of 65,536 buckets by a seeded hash of the device's identity.
///
/// When the table is full a new stream may push out only a stream of a bucket that holds more than its own, or one of its own. So a device
/// that floods the table with new names comes up to what the others hold and no further; nobody has to say in advance how many that is.
///
/// Buckets in place of devices bound the memory, whatever identities somebody makes up: half a megabyte, and two bytes a stream. Devices that
/// share a bucket share a share (stochastic fairness queueing does the same to packets: McKenney, INFOCOM 1990).
struct StreamOrigins: ~Copyable {
    /// Each bucket's streams, and the slot that came to it last.
    private let counts: UnsafeMutablePointer<UInt32>
    private let latest: UnsafeMutablePointer<UInt32>
    /// By slot: the stream's bucket.
    private var buckets = Slab<UInt16>(width: 1)

    private static let count = 1 << 16

    init() {
        // Pages of zeros that nobody has written to take no memory.
        guard let memory = calloc(2 * Self.count, MemoryLayout<UInt32>.stride) else { fatalError("out of memory for the streams' origins") }
        counts = memory.bindMemory(to: UInt32.self, capacity: 2 * Self.count)
        latest = counts + Self.count
    }

    deinit { free(counts) }

    /// The bucket of a hash.
    static func bucket(_ hash: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: hash >> 16) }

    /// Streams of a bucket.
    func streams(of bucket: UInt16) -> UInt32 { counts[Int(bucket)] }

    /// The bucket of the stream in a slot.
    subscript(slot: UInt32) -> UInt16 { buckets[slot].pointee }

    /// The slot that came to a bucket last, if its stream is still there.
    func latestSlot(of bucket: UInt16) -> UInt32? {
        let slot = latest[Int(bucket)]
        return streams(of: bucket) > 0 && Int(slot) < buckets.capacity && buckets[slot].pointee == bucket ? slot : nil
    }

    /// Notes a new stream.
    mutating func insert(_ slot: UInt32, _ bucket: UInt16) {
        while buckets.capacity <= Int(slot) { buckets[buckets.allocate()].pointee = 0 }
        buckets[slot].pointee = bucket
        counts[Int(bucket)] += 1
        latest[Int(bucket)] = slot
    }

    /// Notes that a stream is gone.
    func remove(_ slot: UInt32) { counts[Int(buckets[slot].pointee)] -= 1 }

    /// Notes whose a stream is that was taken back from the store.
    mutating func move(_ slot: UInt32, to bucket: UInt16) {
        remove(slot)
        insert(slot, bucket)
    }

    /// Bytes that it takes.
    var byteCount: Int { buckets.byteCount + 2 * Self.count * MemoryLayout<UInt32>.stride }
}
