/// Adam in TensorFlow's form, behind clipping by the global norm over all parameters.
///
///     g ← g · min(1, clip / ‖g‖)
///     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
///     w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)
///
/// ε is added to the uncorrected root ("epsilon hat" of Kingma & Ba 2015, section 2), unlike PyTorch's.
/// Source: `tf.train.AdamOptimizer`, `tf.clip_by_global_norm` as the authors use them (QUIRKS.md, Q21).
public struct Adam: Sendable, Equatable {
    /// η. The default is the paper's, 1e-4.
    public var learningRate: Double = 1e-4
    /// The largest norm of a gradient; 0 for no bound. The default is 1.
    public var clip: Double = 1
    public let beta1 = 0.9
    public let beta2 = 0.999
    public let epsilon = 1e-8
    /// Steps taken.
    public internal(set) var steps = 0
    /// m and v.
    public internal(set) var first: [Float]
    public internal(set) var second: [Float]

    /// Begins with moments of zero for `count` parameters.
    public init(count: Int, learningRate: Double = 1e-4, clip: Double = 1) {
        first = [Float](repeating: 0, count: count)
        second = first
        self.learningRate = learningRate
        self.clip = clip
    }

    /// Takes one step.
    /// - Returns: the gradient's norm before clipping.
    @discardableResult
    public mutating func step(_ parameters: inout [Float], gradient: [Float]) -> Double {
        precondition(parameters.count == first.count && gradient.count == first.count, "one moment for each parameter")
        steps += 1
        var squares = 0.0
        for value in gradient { squares += Double(value) * Double(value) }
        let norm = squares.squareRoot()
        let scale = clip > 0 && norm > clip ? clip / norm : 1
        let (power1, power2) = (Self.power(beta1, steps), Self.power(beta2, steps))
        let rate = learningRate * (1 - power2).squareRoot() / (1 - power1)
        let count = parameters.count
        parameters.withUnsafeMutableBufferPointer { w in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    gradient.withUnsafeBufferPointer { g in
                        guard let w = w.baseAddress, let m = m.baseAddress, let v = v.baseAddress, let g = g.baseAddress else { return }
                        Kernels.best.adam(w, m, v, g, count, scale: Float(scale), beta1: Float(beta1), beta2: Float(beta2), rate: Float(rate), epsilon: Float(epsilon))
                    }
                }
            }
        }
        return norm
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
