import Glibc

/// `count` floats that end where a page begins that nobody may touch, so that reading or writing one too many
/// ends the test; the room before them is filled, and `isIntact` tells whether it still is.
final class GuardedFloats {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    private let pages: UnsafeMutableRawPointer
    private let bytes: Int
    private let filling: UInt32 = 0xDEAD_BEEF

    init(_ values: [Float]) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        count = values.count
        bytes = ((count + 64) * MemoryLayout<Float>.stride + page - 1) / page * page
        pages = mmap(nil, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(pages != MAP_FAILED && mprotect(pages + bytes, page, PROT_NONE) == 0, "no guarded pages")
        pages.initializeMemory(as: UInt32.self, repeating: filling, count: bytes / MemoryLayout<UInt32>.stride)
        pointer = (pages + bytes).assumingMemoryBound(to: Float.self) - count
        pointer.update(from: values, count: count)
    }

    deinit { munmap(pages, bytes + sysconf(Int32(_SC_PAGESIZE))) }

    var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    var bits: [UInt32] { values.map(\.bitPattern) }

    var isIntact: Bool {
        UnsafeBufferPointer(start: pages.assumingMemoryBound(to: UInt32.self), count: bytes / 4 - count)
            .allSatisfy { $0 == filling }
    }
}
