import Glibc

/// Rows of equal size at addresses that never change, in chunks, with a list of the free ones.
///
/// Growing allocates one more chunk: nothing is copied, and the system hands out its pages as they are touched.
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    /// Elements of a row.
    let width: Int
    /// The chunks' addresses: by pointer, because looking one up in an array retains and releases it, at each message.
    private var chunks: UnsafeMutablePointer<UnsafeMutablePointer<Element>> = .allocate(capacity: 16)
    private var chunkCount = 0
    private var chunkCapacity = 16
    private var free: [UInt32] = []
    /// Rows handed out so far, free ones included.
    private(set) var capacity = 0
    /// Rows of a chunk: 2¹² of them.
    private static var shift: Int { 12 }
    private static var mask: Int { 1 << shift - 1 }

    init(width: Int) { self.width = width }

    deinit {
        for index in 0..<chunkCount { Glibc.free(chunks[index]) }
        chunks.deallocate()
    }

    /// Rows in use.
    var count: Int { capacity - free.count }

    /// Bytes that the slab takes.
    var byteCount: Int { chunkCount * (width * MemoryLayout<Element>.stride << Self.shift) + free.capacity * 4 }

    @inline(__always)
    subscript(row: UInt32) -> UnsafeMutablePointer<Element> {
        chunks[Int(row) >> Self.shift] + (Int(row) & Self.mask) &* width
    }

    /// Takes a row into use; what it holds is undefined.
    mutating func allocate() -> UInt32 {
        if let row = free.popLast() { return row }
        if capacity >> Self.shift == chunkCount {
            var address: UnsafeMutableRawPointer?
            let status = posix_memalign(&address, 64, max(width * MemoryLayout<Element>.stride, 1) << Self.shift)
            guard status == 0, let address else { fatalError("out of memory for \(capacity + 1 << Self.shift) more streams") }
            if chunkCount == chunkCapacity { makeRoomForChunks() }
            (chunks + chunkCount).initialize(to: address.bindMemory(to: Element.self, capacity: width << Self.shift))
            chunkCount += 1
        }
        capacity += 1
        return UInt32(capacity - 1)
    }

    private mutating func makeRoomForChunks() {
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<Element>>.allocate(capacity: 2 * chunkCapacity)
        larger.moveInitialize(from: chunks, count: chunkCount)
        chunks.deallocate()
        (chunks, chunkCapacity) = (larger, 2 * chunkCapacity)
    }

    /// Takes a row into use that was never handed out; those before it become free ones.
    mutating func allocate(at row: UInt32) {
        precondition(row >= capacity, "a row to be taken by its number must be a new one")
        let kept = free
        free = []
        var holes: [UInt32] = []
        while capacity < row { holes.append(allocate()) }
        _ = allocate()
        free = kept + holes.reversed()
    }

    /// Gives a row back.
    mutating func release(_ row: UInt32) { free.append(row) }
}
