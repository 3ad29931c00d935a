import Glibc

/// Memory for Float32 values at an address aligned to a cache line, zero at first, that grows but never shrinks.
///
/// What it holds is lost when it grows.
final class FloatBuffer: @unchecked Sendable { // each is used by one thread at a time: a batch part's, or all parts' for reading
    private(set) var start: UnsafeMutablePointer<Float>
    private(set) var capacity: Int

    init(_ count: Int = 0) {
        start = Self.allocate(count)
        capacity = count
    }

    deinit { free(start) }

    /// Makes room for `count` values.
    func reserve(_ count: Int) {
        guard count > capacity else { return }
        free(start)
        start = Self.allocate(count)
        capacity = count
    }

    func zero(_ count: Int) { start.update(repeating: 0, count: count) }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        var address: UnsafeMutableRawPointer?
        let status = posix_memalign(&address, 64, max(count, 16) * MemoryLayout<Float>.stride)
        guard status == 0, let address else { fatalError("out of memory for \(count) floats of training") }
        let floats = address.bindMemory(to: Float.self, capacity: max(count, 16))
        floats.initialize(repeating: 0, count: max(count, 16))
        return floats
    }
}
