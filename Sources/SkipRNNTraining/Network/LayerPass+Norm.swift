// Layer norm in the authors' form, y = gain ∘ x̂ + bias with x̂ = (x − mean) / (s + ε), s the population's standard
// deviation, and its derivative
//
//     ∂x = (∂x̂ − mean(∂x̂)) / (s + ε) − x̂ · Σ(∂x̂ ∘ x̂) / (H s)
//
// (the second term without the textbook form's square root of s² + ε). Where s = 0, x̂ is 0 and so is that term.

import SkipRNN

extension LayerPass {
    private static var epsilon: Float { 1e-3 }

    /// Normalises the first gates of timestep t in place, for all rows.
    func normalizeForward(_ t: Int) {
        let (p, h, n) = (shape.padded, shape.hidden, shape.normalizedGates)
        for row in 0..<rows {
            for gate in 0..<n {
                let x = gates(at: t) + row * shape.stride + gate * p
                let index = (t * rows + row) * n + gate
                let normalized = normalized.start + index * p
                var (sum, squares) = (0.0, 0.0)
                for i in 0..<h { sum += Double(x[i]) }
                let mean = sum / Double(h)
                for i in 0..<h { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
                let deviation = Float((squares / Double(h)).squareRoot())
                let scale = 1 / (deviation + Self.epsilon)
                normScale.start[2 * index] = deviation
                normScale.start[2 * index + 1] = scale
                let (gain, bias) = (weights.gain.start + gate * p, weights.normBias.start + gate * p)
                for i in 0..<h {
                    normalized[i] = Float(Double(x[i]) - mean) * scale
                    x[i] = gain[i] * normalized[i] + bias[i]
                }
            }
        }
    }

    /// Turns ∂y of the updating rows, in `dg`, into ∂x, and adds to the gradients of gain and bias.
    func normalizeBackward(_ t: Int, _ updating: RowList, _ dg: UnsafeMutablePointer<Float>) {
        let (p, h, n) = (shape.padded, shape.hidden, shape.normalizedGates)
        for i in 0..<updating.count {
            for gate in 0..<n {
                let d = dg + i * shape.gates * p + gate * p
                let index = (t * rows + Int(updating.rows[i])) * n + gate
                let normalized = normalized.start + index * p
                let (deviation, scale) = (normScale.start[2 * index], normScale.start[2 * index + 1])
                let (gain, gainGradient, biasGradient) = (weights.gain.start + gate * p, gradient.gain.start + gate * p, gradient.normBias.start + gate * p)
                var (sum, product) = (0.0, 0.0)
                for j in 0..<h {
                    gainGradient[j] += d[j] * normalized[j]
                    biasGradient[j] += d[j]
                    d[j] *= gain[j]
                    sum += Double(d[j])
                    product += Double(d[j]) * Double(normalized[j])
                }
                let mean = Float(sum / Double(h))
                let slope = deviation > 0 ? Float(product / Double(h)) / deviation : 0
                for j in 0..<h { d[j] = (d[j] - mean) * scale - normalized[j] * slope }
            }
        }
    }
}
