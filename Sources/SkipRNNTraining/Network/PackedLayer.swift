/// One layer's weights as the passes read them: panels for the forward products, and transposed ones for the backward.
final class PackedLayer: Sendable {
    let shape: LayerShape
    /// (inputGates · P, in).
    let input: PackedWeights
    /// (P, F), where the candidate reads the timestep.
    let rawInput: PackedWeights
    /// (recurrentGates · P, P).
    let recurrent: PackedWeights
    /// (P, P): the candidate's over r ∘ h, where the reset comes before.
    let candidate: PackedWeights
    /// (P of the layer below, inputGates · P).
    let inputTransposed: PackedWeights
    /// (P, recurrentGates · P).
    let recurrentTransposed: PackedWeights
    let candidateTransposed: PackedWeights
    /// (gates · P): both biases in one, but for the candidate where the reset comes after.
    let bias: FloatBuffer
    /// (P): that candidate's recurrent bias.
    let recurrentBias: FloatBuffer
    /// (normalizedGates · P).
    let gain: FloatBuffer
    let normBias: FloatBuffer

    init(_ shape: LayerShape) {
        self.shape = shape
        let p = shape.padded
        let resetsBefore = shape.kind == .gruResetBefore
        input = PackedWeights(outputs: shape.inputGates * p, inputs: shape.inputStride)
        rawInput = PackedWeights(outputs: shape.readsRawInput ? p : 0, inputs: shape.features)
        recurrent = PackedWeights(outputs: shape.recurrentGates * p, inputs: p)
        candidate = PackedWeights(outputs: resetsBefore ? p : 0, inputs: p)
        inputTransposed = PackedWeights(outputs: shape.inputStride, inputs: shape.inputGates * p)
        recurrentTransposed = PackedWeights(outputs: p, inputs: shape.recurrentGates * p)
        candidateTransposed = PackedWeights(outputs: resetsBefore ? p : 0, inputs: p)
        bias = FloatBuffer(shape.gates * p)
        recurrentBias = FloatBuffer(p)
        gain = FloatBuffer(shape.normalizedGates * p)
        normBias = FloatBuffer(shape.normalizedGates * p)
    }

    /// Lays out layer `index`'s values.
    func fill(_ parameters: Parameters, layer index: Int) {
        let (h, p, inputs) = (shape.hidden, shape.padded, shape.inputs)
        parameters.values.withUnsafeBufferPointer { values in
            func tensor(_ name: String) -> UnsafePointer<Float>? {
                guard let range = parameters.ranges["rnn.\(name)_l\(index)"], let base = values.baseAddress else { return nil }
                return base + range.lowerBound
            }
            /// The file's row of a padded row; nil in the padding.
            @inline(__always) func row(_ padded: Int) -> Int? {
                let (gate, unit) = (padded / p, padded % p)
                return unit < h ? gate * h + unit : nil
            }
            guard let weightInput = tensor("weight_ih"), let weightHidden = tensor("weight_hh"), let biasInput = tensor("bias_ih") else {
                preconditionFailure("a layer lacks its weights")
            }
            let biasHidden = tensor("bias_hh")
            input.fill { output, input in input < inputs ? row(output).map { weightInput[$0 * inputs + input] } ?? 0 : 0 }
            inputTransposed.fill { output, input in output < inputs ? row(input).map { weightInput[$0 * inputs + output] } ?? 0 : 0 }
            recurrent.fill { output, input in input < h ? row(output).map { weightHidden[$0 * h + input] } ?? 0 : 0 }
            recurrentTransposed.fill { output, input in output < h ? row(input).map { weightHidden[$0 * h + output] } ?? 0 : 0 }
            if shape.kind == .gruResetBefore {
                let weights = weightHidden + 2 * h * h
                candidate.fill { output, input in output < h && input < h ? weights[output * h + input] : 0 }
                candidateTransposed.fill { output, input in output < h && input < h ? weights[input * h + output] : 0 }
            }
            if shape.readsRawInput, let weights = tensor("weight_in") {
                rawInput.fill { output, input in output < h ? weights[output * self.shape.features + input] : 0 }
            }
            for gate in 0..<shape.gates {
                let isApart = shape.kind == .gruResetAfter && gate == 2
                for unit in 0..<h {
                    let recurrent = biasHidden?[gate * h + unit] ?? 0
                    bias.start[gate * p + unit] = biasInput[gate * h + unit] + (isApart ? 0 : recurrent)
                    if isApart { recurrentBias.start[unit] = recurrent }
                }
            }
            if shape.hasNorm, let gains = tensor("norm_gain"), let biases = tensor("norm_bias") {
                for gate in 0..<shape.normalizedGates {
                    for unit in 0..<h {
                        gain.start[gate * p + unit] = gains[gate * h + unit]
                        normBias.start[gate * p + unit] = biases[gate * h + unit]
                    }
                }
            }
        }
    }
}
