/// One layer's tensors of a model file, row-major as the file has them; what the file leaves out is zero.
struct LayerTensors {
    /// (3 H or 4 H, in); (2 H, in) where the candidate reads the raw timestep.
    let input: [Float]
    /// (3 H or 4 H, H).
    let hidden: [Float]
    /// (3 H or 4 H).
    let inputBias: [Float]
    /// (3 H or 4 H).
    let hiddenBias: [Float]
    /// (H, F), where the candidate reads the raw timestep.
    let rawInput: [Float]
    private let gain: [Float]
    private let normBias: [Float]

    init(_ file: ModelFile, layer: Int) {
        func values(_ name: String) -> [Float] { file.tensors["rnn.\(name)_l\(layer)"]?.values ?? [] }
        input = values("weight_ih")
        hidden = values("weight_hh")
        inputBias = values("bias_ih")
        let hiddenBias = values("bias_hh")
        self.hiddenBias = hiddenBias.isEmpty ? [Float](repeating: 0, count: inputBias.count) : hiddenBias
        rawInput = values("weight_in")
        gain = values("norm_gain")
        normBias = values("norm_bias")
    }

    /// A gate's rows over the concatenation [x, h], both biases in one.
    func gate(_ index: Int, inputSize: Int, hiddenSize: Int) -> (weight: (Int, Int) -> Float, bias: (Int) -> Float) {
        (
            { [input, hidden] row, column in
                column < inputSize ? input[(index * hiddenSize + row) * inputSize + column]
                    : hidden[(index * hiddenSize + row) * hiddenSize + column - inputSize]
            },
            { [inputBias, hiddenBias] row in inputBias[index * hiddenSize + row] + hiddenBias[index * hiddenSize + row] }
        )
    }

    /// The gates' layer norms; none without layer norm.
    func norms(_ count: Int, hiddenSize: Int, in memory: WeightMemory) -> [LayerNorm] {
        guard !gain.isEmpty else { return [] }
        return (0..<count).map { index in
            let range = (index * hiddenSize)..<((index + 1) * hiddenSize)
            return LayerNorm(gain: memory.keep(Array(gain[range])), bias: memory.keep(Array(normBias[range])), count: hiddenSize)
        }
    }
}
