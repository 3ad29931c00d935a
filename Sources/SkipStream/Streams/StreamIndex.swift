import CSkipKernels
import Glibc

/// From a name's hash to the slots that may have that name: extendible hashing.
///
/// A directory of 2^d pointers leads to segments of 512 entries, 4 KiB each; an entry is a tag (32 bits of the hash) and a
/// slot. A segment that is full is split in two, which moves some 450 entries: there is no moment at which the whole
/// table is rehashed, so that growing never pauses the sample loop. Within a segment: linear probing, deletion by
/// shifting back.
///
/// Source: Fagin et al., "Extendible hashing", ACM TODS 1979.
struct StreamIndex: ~Copyable {
    /// An entry: tag in the high half, slot + 1 in the low half; 0 is empty.
    private typealias Entry = UInt64

    /// A segment's memory: the entries, then how many of its tags' leading bits they share, and how many there are.
    private struct Segment {
        let entries: UnsafeMutablePointer<Entry>
        static let capacity = 512
        static let mask = 511
        /// Beyond it a segment is split: ⅞ full.
        static let limit = 448

        var depth: Int {
            get { Int(entries[Self.capacity] & 0xFFFF_FFFF) }
            nonmutating set { entries[Self.capacity] = entries[Self.capacity] & ~0xFFFF_FFFF | UInt64(newValue) }
        }

        var count: Int {
            get { Int(entries[Self.capacity] >> 32) }
            nonmutating set { entries[Self.capacity] = entries[Self.capacity] & 0xFFFF_FFFF | UInt64(newValue) << 32 }
        }

        init(depth: Int) {
            var address: UnsafeMutableRawPointer?
            let status = posix_memalign(&address, 64, (Self.capacity + 8) * MemoryLayout<Entry>.stride)
            guard status == 0, let address else { fatalError("out of memory for the stream index") }
            entries = address.bindMemory(to: Entry.self, capacity: Self.capacity + 8)
            entries.initialize(repeating: 0, count: Self.capacity + 8)
            self.depth = depth
        }

        func insert(_ tag: UInt32, _ slot: UInt32) {
            var place = Int(tag) & Self.mask
            while entries[place] != 0 { place = (place + 1) & Self.mask }
            entries[place] = Entry(tag) << 32 | Entry(slot + 1)
            count += 1
        }
    }

    /// 2^d segments: by pointer, because looking one up in an array retains and releases it, at each message.
    private var directory: UnsafeMutablePointer<Segment>
    private var depth = 0

    init() {
        directory = .allocate(capacity: 1)
        directory.initialize(to: Segment(depth: 0))
    }

    deinit {
        forEachSegment { free($0.entries) }
        directory.deallocate()
    }

    private borrowing func forEachSegment(_ body: (Segment) -> Void) {
        var index = 0
        while index < 1 << depth {
            let segment = directory[index]
            // A segment stands in a run of 2^(d − its depth) directory places.
            index += 1 << (depth - segment.depth)
            body(segment)
        }
    }

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    @inline(__always)
    private func segment(_ tag: UInt32) -> Segment { directory[place(tag)] }

    /// A tag's place in the directory: its first d bits. Of 64 bits, so that none are left where d is 0.
    @inline(__always)
    private func place(_ tag: UInt32) -> Int { Int(truncatingIfNeeded: UInt64(tag) &>> UInt64(truncatingIfNeeded: 32 &- depth)) }

    /// Asks for the memory that `firstSlot(hash)` will read.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        let tag = Self.tag(hash)
        skip_prefetch(segment(tag).entries + Int(tag) & Segment.mask)
    }

    /// The slot of the first entry with the hash's tag, which is nearly always the one sought; nil where there is none.
    @inline(__always)
    func firstSlot(_ hash: UInt64) -> UInt32? { find(hash) { _ in true } }

    /// The slot with the hash's tag for which `isMatch` holds.
    @inline(__always)
    func find(_ hash: UInt64, _ isMatch: (UInt32) -> Bool) -> UInt32? {
        let tag = Self.tag(hash)
        let entries = segment(tag).entries
        var place = Int(tag) & Segment.mask
        while entries[place] != 0 {
            let slot = UInt32(truncatingIfNeeded: entries[place]) &- 1
            if UInt32(truncatingIfNeeded: entries[place] >> 32) == tag, isMatch(slot) { return slot }
            place = (place + 1) & Segment.mask
        }
        return nil
    }

    /// Adds a slot that is not in the index.
    mutating func insert(_ hash: UInt64, slot: UInt32) {
        let tag = Self.tag(hash)
        // Tags that share all 32 bits can't be split; the seeded hash makes 448 of them impossible in practice.
        while segment(tag).count >= Segment.limit { split(tag) }
        segment(tag).insert(tag, slot)
    }

    /// Takes a slot out.
    mutating func remove(_ hash: UInt64, slot: UInt32) {
        let tag = Self.tag(hash)
        let segment = segment(tag)
        let entries = segment.entries
        var hole = Int(tag) & Segment.mask
        while entries[hole] != Entry(tag) << 32 | Entry(slot + 1) {
            precondition(entries[hole] != 0, "a slot to remove must be in the index")
            hole = (hole + 1) & Segment.mask
        }
        // Shift back whatever would no longer be found past the hole.
        var place = (hole + 1) & Segment.mask
        while entries[place] != 0 {
            let home = Int(entries[place] >> 32) & Segment.mask
            if (place - home) & Segment.mask >= (place - hole) & Segment.mask {
                entries[hole] = entries[place]
                hole = place
            }
            place = (place + 1) & Segment.mask
        }
        entries[hole] = 0
        segment.count -= 1
    }

    private mutating func split(_ tag: UInt32) {
        let old = segment(tag)
        if old.depth == depth {
            precondition(depth < 32, "more equal hashes than a segment holds")
            let larger = UnsafeMutablePointer<Segment>.allocate(capacity: 2 << depth)
            for index in 0..<(2 << depth) { (larger + index).initialize(to: directory[index >> 1]) }
            directory.deallocate()
            (directory, depth) = (larger, depth + 1)
        }
        let halves = [Segment(depth: old.depth + 1), Segment(depth: old.depth + 1)]
        for place in 0..<Segment.capacity where old.entries[place] != 0 {
            let tag = UInt32(truncatingIfNeeded: old.entries[place] >> 32)
            let half = Int(tag >> UInt32(31 - old.depth)) & 1
            halves[half].insert(tag, UInt32(truncatingIfNeeded: old.entries[place]) &- 1)
        }
        // The old segment's run of places: the first half leads to one, the second to the other.
        let run = 1 << (depth - old.depth)
        let start = place(tag) / run * run
        for place in 0..<run { directory[start + place] = halves[place * 2 / run] }
        free(old.entries)
    }

    /// Bytes that the index takes.
    var byteCount: Int {
        var segments = 0
        forEachSegment { _ in segments += 1 }
        return segments * (Segment.capacity + 8) * MemoryLayout<Entry>.stride + (MemoryLayout<Segment>.stride << depth)
    }
}
