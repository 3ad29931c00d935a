import Glibc

/// An immutable run of Float32 values at an address aligned to a cache line, as the kernels read weights.
final class AlignedFloats: @unchecked Sendable { // immutable from the end of init on
    let start: UnsafePointer<Float>
    let count: Int

    init(_ values: [Float]) {
        var address: UnsafeMutableRawPointer?
        let status = posix_memalign(&address, 64, max(values.count, 1) * MemoryLayout<Float>.stride)
        guard status == 0, let address else { fatalError("out of memory for \(values.count) weights") }
        let floats = address.bindMemory(to: Float.self, capacity: max(values.count, 1))
        floats.initialize(from: values, count: values.count)
        start = UnsafePointer(floats)
        count = values.count
    }

    deinit { free(UnsafeMutableRawPointer(mutating: start)) }
}
