import CSkipKernels

/// All streams: from a name to its slot, in one or two memory accesses, neither of which moves when the table grows.
package struct StreamTable: ~Copyable {
    private var index = StreamIndex()
    private var slots = Slab<StreamSlot>(width: 1)
    private var origins = StreamOrigins()
    private let hash: NameHash
    private var chance = Chance()

    package init(hash: NameHash = NameHash()) {
        self.hash = hash
        precondition(MemoryLayout<StreamSlot>.stride == 128, "a stream's record is two cache lines")
    }

    deinit {
        for slot in 0..<UInt32(slots.capacity) where slots[slot].pointee.nameLength > 0 { StreamSlot.vacate(slots[slot]) }
    }

    /// Streams.
    package var count: Int { slots.count }
    /// Slots, free ones included: indices run from 0 up to it.
    package var capacity: UInt32 { UInt32(slots.capacity) }
    /// Bytes that the table takes, without the states.
    package var byteCount: Int { index.byteCount + slots.byteCount + origins.byteCount }

    @inline(__always)
    subscript(slot: UInt32) -> UnsafeMutablePointer<StreamSlot> { slots[slot] }

    /// A name's hash; its index entry is asked for.
    @inline(__always)
    package func prefetchIndex(_ name: UnsafeRawBufferPointer) -> UInt64 {
        let hash = hash(name)
        index.prefetch(hash)
        return hash
    }

    /// The slot that a name most likely has, asked for from memory; nil where the name is unknown.
    @inline(__always)
    package func prefetchSlot(_ hash: UInt64) -> UInt32? {
        guard let slot = index.firstSlot(hash) else { return nil }
        skip_prefetch(slots[slot])
        return slot
    }

    /// The slot of a name, `guess` being the one that `prefetchSlot` found.
    @inline(__always)
    package func find(_ name: UnsafeRawBufferPointer, _ hash: UInt64, guess: UInt32?) -> UInt32? {
        if let guess, StreamSlot.hasName(slots[guess], name) { return guess }
        return index.find(hash) { StreamSlot.hasName(slots[$0], name) }
    }

    /// The slot of a name; nil where it is unknown.
    package func find(_ name: UnsafeRawBufferPointer) -> UInt32? { find(name, hash(name), guess: nil) }

    /// Makes a slot for a name that has none.
    package mutating func insert(_ name: UnsafeRawBufferPointer, _ hash: UInt64, origin: UInt16 = 0) -> UInt32 {
        let slot = slots.allocate()
        StreamSlot.occupy(slots[slot], name)
        index.insert(hash, slot: slot)
        origins.insert(slot, origin)
        return slot
    }

    /// Makes a given slot, beyond all those so far, for a name that has none.
    mutating func insert(_ name: UnsafeRawBufferPointer, at slot: UInt32) {
        let first = capacity
        slots.allocate(at: slot)
        for hole in first..<slot { slots[hole].initialize(to: StreamSlot()) }
        StreamSlot.occupy(slots[slot], name)
        let hash = hash(name)
        index.insert(hash, slot: slot)
        // Whose it is will be known when it is heard of. Until then each is nearly alone in its bucket, so that nobody's flood finds them.
        origins.insert(slot, StreamOrigins.bucket(hash))
    }

    /// Notes whose a stream is that was inserted without.
    mutating func setOrigin(_ slot: UInt32, _ origin: UInt16) { origins.move(slot, to: origin) }

    /// The name of the stream in a slot.
    package func name(of slot: UInt32) -> [UInt8] { StreamSlot.withName(slots[slot]) { [UInt8]($0) } }

    /// Takes a stream out.
    package mutating func remove(_ slot: UInt32) {
        let hash = StreamSlot.withName(slots[slot]) { self.hash($0) }
        index.remove(hash, slot: slot)
        StreamSlot.vacate(slots[slot])
        origins.remove(slot)
        slots.release(slot)
    }

    /// A stream that may make room for one of an origin: the longest idle of some chosen by chance, of its own or of an origin that holds
    /// more than its own, and without those that wait in the block. Where chance finds none, the origin's own latest; nil where that waits too.
    package mutating func idlest(for origin: UInt16 = 0, ofSample size: Int = 16) -> UInt32? {
        var (best, found): (UInt32?, Int) = (nil, 0)
        // Places may be free, or others': a few tries more than the sample's size.
        for _ in 0..<(4 * size) where found < size && capacity > 0 {
            let slot = chance.next(below: capacity)
            guard canGo(slot), isFair(slot, origin) else { continue }
            found += 1
            if best.map({ slots[slot].pointee.heard < slots[$0].pointee.heard }) ?? true { best = slot }
        }
        if let best { return best }
        if let latest = origins.latestSlot(of: origin), canGo(latest) { return latest }
        // Rare: nearly all places are free, or wait, or the latest is gone.
        return (0..<capacity).first { canGo($0) && isFair($0, origin) }
    }

    /// A Boolean value indicating whether a stream may make room for one of an origin.
    private func isFair(_ slot: UInt32, _ origin: UInt16) -> Bool {
        origins[slot] == origin || origins.streams(of: origins[slot]) > origins.streams(of: origin)
    }

    private func canGo(_ slot: UInt32) -> Bool { slots[slot].pointee.nameLength > 0 && !slots[slot].pointee.flags.contains(.isPending) }
}

/// Numbers by chance without a system call for each (Steele et al. 2014, splitmix64).
private struct Chance {
    private var state = UInt64.random(in: .min ... .max)

    mutating func next(below bound: UInt32) -> UInt32 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: (z ^ (z >> 31)).multipliedFullWidth(by: UInt64(bound)).high)
    }
}
