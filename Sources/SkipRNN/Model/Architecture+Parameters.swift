extension Architecture {
    /// One tensor of a model file.
    public struct Parameter: Sendable, Hashable {
        public let name: String
        public let shape: [Int]
        /// A Boolean value indicating whether a file may leave it out: it is then zero (`input.std`: one).
        public let isOptional: Bool
    }

    /// Every tensor that a model file of this architecture may hold, in the order of MODEL.md.
    public var parameters: [Parameter] {
        var parameters: [Parameter] = []
        func add(_ name: String, _ shape: [Int], optional: Bool = false) {
            parameters.append(Parameter(name: name, shape: shape, isOptional: optional))
        }
        for (layer, hiddenSize) in hiddenSizes.enumerated() {
            let rows = cell.gates * hiddenSize
            add("rnn.weight_ih_l\(layer)", [readsRawInput(layer) ? 2 * hiddenSize : rows, inputSize(ofLayer: layer)])
            add("rnn.weight_hh_l\(layer)", [rows, hiddenSize])
            add("rnn.bias_ih_l\(layer)", [rows])
            add("rnn.bias_hh_l\(layer)", [rows], optional: true)
            if readsRawInput(layer) { add("rnn.weight_in_l\(layer)", [hiddenSize, inputSize]) }
            if layerNorm {
                add("rnn.norm_gain_l\(layer)", [normalizedGates * hiddenSize])
                add("rnn.norm_bias_l\(layer)", [normalizedGates * hiddenSize])
            }
        }
        if cell.hasStateUpdateGate {
            add("state_update_gate.weight", [1, topHiddenSize])
            add("state_update_gate.bias", [1])
        }
        for (layer, hiddenSize) in hiddenSizes.enumerated() {
            add("initial_state.h_l\(layer)", [hiddenSize], optional: true)
            if cell.isLSTM { add("initial_state.c_l\(layer)", [hiddenSize], optional: true) }
        }
        add("head.weight", [outputSize, topHiddenSize])
        add("head.bias", [outputSize])
        add("input.mean", [inputSize], optional: true)
        add("input.std", [inputSize], optional: true)
        return parameters
    }

    /// Gates with layer norm: r, z of a GRU; all four of an LSTM.
    public var normalizedGates: Int { cell.isLSTM ? 4 : 2 }
}
