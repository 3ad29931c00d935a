import Glibc

/// Where a model's weights lie, for as long as the model lives: each run of values from a cache line on, as the kernels read
/// them, and a small model's one behind the other, so that they fill a processor's first cache evenly.
///
/// What is made of weights (matrices, norms, layers) holds plain addresses into it, so that handing it about on the sample's
/// way costs no reference counting.
final class WeightMemory: @unchecked Sendable { // filled while one thread makes the model, then only read
    private var blocks: [UnsafeMutableRawPointer] = []
    /// What is left of the last block.
    private var free: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
    private static let blockSize = 65_536
    private static let line = 64

    /// Copies values in, to stay where they are.
    func keep<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeBufferPointer<Value> {
        let size = max(values.count, 1) * MemoryLayout<Value>.stride
        let kept = reserve((size + Self.line - 1) / Self.line * Self.line).bindMemory(to: Value.self, capacity: max(values.count, 1))
        kept.initialize(from: values, count: values.count)
        return UnsafeBufferPointer(start: kept, count: values.count)
    }

    /// Copies floats in; their address.
    func keep(_ values: [Float]) -> UnsafePointer<Float> {
        let kept: UnsafeBufferPointer<Float> = keep(values)
        guard let start = kept.baseAddress else { preconditionFailure("memory that was kept has an address") }
        return start
    }

    /// Room for whole cache lines.
    private func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if free.count < size {
            var address: UnsafeMutableRawPointer?
            let blockSize = max(size, Self.blockSize)
            let status = posix_memalign(&address, Self.line, blockSize)
            guard status == 0, let address else { fatalError("out of memory for \(blockSize) bytes of weights") }
            blocks.append(address)
            free = .init(start: address, count: blockSize)
        }
        guard let start = free.baseAddress else { preconditionFailure("a block has an address") }
        free = .init(rebasing: free[size...])
        return start
    }

    deinit { for block in blocks { Glibc.free(block) } }
}
