public import SkipRNN

extension Parameters {
    /// First values as the authors have them (QUIRKS.md, Q18 and Q19).
    ///
    /// Weights uniform within ±√(6 / (in + H + k H)), the limit of the whole concatenated matrix (k: its gates); biases
    /// of r and z 1, of the forget gate 1, others 0; b of the state update gate 1, so that training begins by reading
    /// nearly everything; the initial state normal with standard deviation 1.
    ///
    /// - Parameter updateRate: where not nil, b is such that training begins near this update rate ρ: σ(b) a little above
    ///   ρ/2, so that the sum passes ½ at every 1/ρ-th timestep.
    public init(_ architecture: Architecture, seed: UInt64, updateRate: Double? = nil) {
        self.init(architecture) { parameter in
            !parameter.name.hasPrefix("rnn.bias_hh") || (!architecture.cell.isLSTM && architecture.gruVariant == .resetAfter)
        }
        for (index, tensor) in tensors.enumerated() {
            var random = SeededRandom(seed, -1, index)
            let range = ranges[tensor.name] ?? 0..<0
            let name = tensor.name.split(separator: "_l").first.map { String($0) } ?? tensor.name
            let layer = Int(tensor.name.split(separator: "_l").last ?? "") ?? 0
            let (inputs, hidden) = (architecture.inputSize(ofLayer: layer), architecture.hiddenSizes[layer])
            for (offset, place) in range.enumerated() {
                /// A GRU's candidate is a matrix of its own.
                let isCandidate = !architecture.cell.isLSTM && offset >= 2 * hidden * (tensor.shape.last ?? 1)
                let limit: Double
                switch name {
                case "rnn.weight_ih", "rnn.weight_hh":
                    let columns = architecture.cell.isLSTM ? 4 * hidden : isCandidate ? hidden : 2 * hidden
                    limit = (6 / Double(inputs + hidden + columns)).squareRoot()
                case "rnn.weight_in": limit = (6 / Double(architecture.inputSize + 2 * hidden)).squareRoot()
                case "state_update_gate.weight": limit = (6 / Double(architecture.topHiddenSize + 1)).squareRoot()
                case "head.weight": limit = (6 / Double(architecture.topHiddenSize + architecture.outputSize)).squareRoot()
                case "initial_state.h", "initial_state.c":
                    values[place] = Float(random.normal())
                    continue
                case "state_update_gate.bias":
                    values[place] = Float(updateRate.map { logarithm(0.525 * $0 / (1 - 0.525 * $0)) } ?? 1)
                    continue
                default:
                    values[place] = Self.bias(name, offset, hidden, architecture)
                    continue
                }
                values[place] = Float(random.uniform(-limit, limit))
            }
        }
    }

    private static func bias(_ name: String, _ offset: Int, _ hidden: Int, _ architecture: Architecture) -> Float {
        let isForget = architecture.cell.isLSTM && (hidden..<(2 * hidden)).contains(offset)
        switch name {
        case "rnn.norm_gain": return 1
        case "rnn.bias_ih": return architecture.cell.isLSTM ? (isForget && !architecture.layerNorm ? 1 : 0) : offset < 2 * hidden ? 1 : 0
        case "rnn.norm_bias": return isForget ? 1 : 0
        default: return 0
        }
    }
}
