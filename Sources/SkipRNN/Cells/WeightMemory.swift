import Glibc

/// Where a model's weights lie, for as long as the model lives: each run of values from a cache line on, as the kernels read
/// them.
///
/// What is made of weights (matrices, norms, layers) holds plain addresses into it, so that handing it about on the sample's
/// way costs no reference counting.
final class WeightMemory: @unchecked Sendable { // filled while one thread makes the model, then only read
    private var runs: [UnsafeMutableRawPointer] = []

    /// Copies values in, to stay where they are.
    func keep<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeBufferPointer<Value> {
        var address: UnsafeMutableRawPointer?
        let status = posix_memalign(&address, 64, max(values.count, 1) * MemoryLayout<Value>.stride)
        guard status == 0, let address else { fatalError("out of memory for \(values.count) weights") }
        runs.append(address)
        let kept = address.bindMemory(to: Value.self, capacity: max(values.count, 1))
        kept.initialize(from: values, count: values.count)
        return UnsafeBufferPointer(start: kept, count: values.count)
    }

    /// Copies floats in; their address.
    func keep(_ values: [Float]) -> UnsafePointer<Float> {
        let kept: UnsafeBufferPointer<Float> = keep(values)
        guard let start = kept.baseAddress else { preconditionFailure("memory that was kept has an address") }
        return start
    }

    deinit { for run in runs { free(run) } }
}
