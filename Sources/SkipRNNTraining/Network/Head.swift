import Glibc
import SkipRNN

/// The output layer, y = W h + b, and the loss upon it.
///
/// Cross-entropy of the softmax of y, or ½ Σ (y − target)². (The authors' adding task trains on half the squared error:
/// QUIRKS.md, Q22.)
final class Head: @unchecked Sendable { // its weights are filled between passes; a part has its own gradients and scratch
    let outputs: Int
    let hidden: Int
    /// P of the top layer.
    let padded: Int
    let task: Architecture.Task
    /// (C, P) and (P, C).
    let weights: PackedWeights
    let transposed: PackedWeights
    /// (C padded).
    let bias: FloatBuffer

    init(_ architecture: Architecture) {
        outputs = architecture.outputSize
        hidden = architecture.topHiddenSize
        padded = Kernels.padded(hidden)
        task = architecture.task
        weights = PackedWeights(outputs: outputs, inputs: padded)
        transposed = PackedWeights(outputs: padded, inputs: Kernels.padded(outputs))
        bias = FloatBuffer(weights.outputs)
    }

    func fill(_ parameters: Parameters) {
        guard let weight = parameters["head.weight"], let bias = parameters["head.bias"] else { preconditionFailure("a model lacks its head") }
        weight.withUnsafeBufferPointer { weight in
            weights.fill { output, input in output < self.outputs && input < self.hidden ? weight[output * self.hidden + input] : 0 }
            transposed.fill { output, input in output < self.hidden && input < self.outputs ? weight[input * self.hidden + output] : 0 }
        }
        for (index, value) in bias.enumerated() { self.bias.start[index] = value }
    }

    /// The loss of one row of outputs, which are replaced by `scale` times the loss's derivative.
    func loss(_ y: UnsafeMutablePointer<Float>, target: Target, scale: Float) -> Double {
        switch target {
        case .class(let label):
            var largest = y[0]
            for c in 1..<max(outputs, 1) where y[c] > largest { largest = y[c] }
            var sum = 0.0
            for c in 0..<outputs { sum += exp(Double(y[c] - largest)) }
            let loss = log(sum) - Double(y[label] - largest)
            for c in 0..<outputs {
                let p = exp(Double(y[c] - largest)) / sum
                y[c] = scale * Float(p - (c == label ? 1 : 0))
            }
            return loss
        case .values(let values):
            var loss = 0.0
            for c in 0..<outputs {
                let difference = y[c] - values[c]
                loss += 0.5 * Double(difference) * Double(difference)
                y[c] = scale * difference
            }
            return loss
        }
    }

    enum Target { case `class`(Int), values(UnsafePointer<Float>) }
}
