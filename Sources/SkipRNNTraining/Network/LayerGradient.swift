/// One layer's gradient as a batch part sums it up, in padded layout.
final class LayerGradient: Sendable {
    let shape: LayerShape
    /// (inputGates · P, inputStride).
    let input: FloatBuffer
    /// (P, F).
    let rawInput: FloatBuffer
    /// (gates · P, P).
    let hidden: FloatBuffer
    /// (gates · P): of everything added to a gate beside the recurrent product.
    let bias: FloatBuffer
    /// (gates · P): of what is added to the recurrent product; its own only where the reset comes after.
    let hiddenBias: FloatBuffer
    /// (normalizedGates · P).
    let gain: FloatBuffer
    let normBias: FloatBuffer

    init(_ shape: LayerShape) {
        self.shape = shape
        let p = shape.padded
        input = FloatBuffer(shape.inputGates * p * shape.inputStride)
        rawInput = FloatBuffer(shape.readsRawInput ? p * shape.features : 0)
        hidden = FloatBuffer(shape.gates * p * p)
        bias = FloatBuffer(shape.gates * p)
        hiddenBias = FloatBuffer(shape.gates * p)
        gain = FloatBuffer(shape.normalizedGates * p)
        normBias = FloatBuffer(shape.normalizedGates * p)
    }

    func zero() {
        for buffer in [input, rawInput, hidden, bias, hiddenBias, gain, normBias] { buffer.zero(buffer.capacity) }
    }

    /// Adds the gradient to that of layer `index` in a model file's layout.
    func add(to gradient: inout Parameters, layer index: Int) {
        let (h, p) = (shape.hidden, shape.padded)
        let ranges = gradient.ranges
        gradient.values.withUnsafeMutableBufferPointer { values in
            func add(_ name: String, _ from: FloatBuffer, rows: Int, columns: Int, stride: Int) {
                guard let range = ranges["rnn.\(name)_l\(index)"] else { return }
                for row in 0..<rows {
                    let source = from.start + ((row / h) * p + row % h) * stride
                    let target = range.lowerBound + row * columns
                    for column in 0..<columns { values[target + column] += source[column] }
                }
            }
            add("weight_ih", input, rows: shape.inputGates * h, columns: shape.inputs, stride: shape.inputStride)
            add("weight_in", rawInput, rows: h, columns: shape.features, stride: shape.features)
            add("weight_hh", hidden, rows: shape.gates * h, columns: h, stride: p)
            add("bias_ih", bias, rows: shape.gates * h, columns: 1, stride: 1)
            add("bias_hh", shape.kind == .gruResetAfter ? hiddenBias : bias, rows: shape.gates * h, columns: 1, stride: 1)
            add("norm_gain", gain, rows: shape.normalizedGates * h, columns: 1, stride: 1)
            add("norm_bias", normBias, rows: shape.normalizedGates * h, columns: 1, stride: 1)
        }
    }
}
