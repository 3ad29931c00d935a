import CSkipKernels
import Glibc

/// The state update gate's parameters: Δũ = σ(w · s + b) (equation 4), s the top layer's hidden state (GRU) or cell state (LSTM).
///
/// The sigmoid is computed in Float64 and rounded once: where w = 0, ties at exactly ½ depend on its last bit. One is
/// evaluated an update, some 10 ns.
struct StateUpdateGate: BitwiseCopyable, @unchecked Sendable { // its memory is only read
    /// w, (H).
    let weight: UnsafeBufferPointer<Float>
    /// b.
    private let bias: Float

    init(weight: [Float], bias: Float, in memory: WeightMemory) {
        self.weight = memory.keep(weight)
        self.bias = bias
    }

    /// w · s of a state of H values.
    @inline(__always)
    func product(with state: UnsafePointer<Float>, _ kernels: Kernels) -> Float { kernels.dot(weight.baseAddress, state, weight.count) }

    /// The update probability increment Δũ of w · s.
    @inline(__always)
    func increment(ofProduct product: Float) -> Float {
        Float(1 / (1 + exp(-(Double(product) + Double(bias)))))
    }
}
