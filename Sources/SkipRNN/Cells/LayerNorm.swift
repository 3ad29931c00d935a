/// Layer normalisation of one gate's pre-activations, in the authors' form: y = gain ∘ (x − mean) / (std + 1e-3) + bias.
///
/// The standard deviation is the population's (divided by H), and ε is added to it, not inside the root.
/// Source: `rnn_ops.py`, lines 89–115 of the released code.
struct LayerNorm: BitwiseCopyable, @unchecked Sendable { // its memory is only read
    /// (H).
    let gain: UnsafePointer<Float>
    /// (H).
    let bias: UnsafePointer<Float>
    /// H.
    let count: Int

    static let epsilon: Float = 1e-3

    /// Normalises H values in place. Sums in Float64, in order, whatever the kernels' variant.
    func apply(_ x: UnsafeMutablePointer<Float>) {
        var sum = 0.0
        for i in 0..<count { sum += Double(x[i]) }
        let mean = sum / Double(count)
        var squares = 0.0
        for i in 0..<count { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
        let scale = 1 / ((squares / Double(count)).squareRoot() + Double(Self.epsilon))
        for i in 0..<count { x[i] = gain[i] * Float((Double(x[i]) - mean) * scale) + bias[i] }
    }
}
