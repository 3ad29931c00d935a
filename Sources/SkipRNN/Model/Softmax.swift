import Glibc

/// Turns C logits into probabilities in place. Computed in Float64 in a fixed order, so equal logits give equal bytes.
public func softmax(_ logits: UnsafeMutableBufferPointer<Float>) {
    guard let largest = logits.max() else { return }
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit - largest)) }
    for i in logits.indices { logits[i] = Float(exp(Double(logits[i] - largest)) / sum) }
}
