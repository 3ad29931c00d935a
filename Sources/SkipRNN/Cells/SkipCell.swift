/// Stacked layers under one state update gate: the authors' four cells, and without the gate their baselines.
///
/// | name in the paper's code | type | layers | gate |
/// |---|---|---|---|
/// | SkipGRUCell, SkipLSTMCell | `SkipCell<GRUCell>`, `SkipCell<LSTMCell>` | 1 | yes |
/// | MultiSkipGRUCell, MultiSkipLSTMCell | the same | ≥ 2 | yes |
/// | BasicGRUCell, BasicLSTMCell, MultiRNNCell | the same | ≥ 1 | none: every timestep updates |
///
/// All layers update together; layer k reads the candidate state of layer k − 1, which is its state, since an event-driven
/// cell computes a candidate only where the gate has fired. The gate reads the top layer.
struct SkipCell<Cell: RecurrentCell>: Sendable {
    let layers: [Cell]
    let gate: StateUpdateGate?
    /// Where each layer's state begins in a stream's state.
    let offsets: [Int]
    /// Floats of a stream's state.
    let stateSize: Int

    init(layers: [Cell], gate: StateUpdateGate?) {
        self.layers = layers
        self.gate = gate
        var offsets: [Int] = []
        var offset = 0
        for layer in layers {
            offsets.append(offset)
            offset += Cell.stateSize(hiddenSize: layer.hiddenSize)
        }
        self.offsets = offsets
        stateSize = offset
    }

    /// Updates several streams' states in place, from the timesteps in `workspace.input`.
    /// - Parameters:
    ///   - states: each stream's state, `stateSize` floats.
    ///   - increments: receives each stream's new Δũ; 1 without a gate, so that the next timestep updates.
    func update(_ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, streams: Int, increments: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels) {
        for index in layers.indices {
            let inputSize = layers[index].inputSize
            for s in 0..<streams {
                let source = index == 0 ? UnsafePointer(workspace.input(s)) : UnsafePointer(states[s] + offsets[index - 1])
                (workspace.concatenated + s * workspace.width).update(from: source, count: inputSize)
            }
            layers[index].update(states, offset: offsets[index], streams: streams, workspace, kernels)
        }
        for s in 0..<streams {
            increments[s] = gate.map { $0.increment(of: states[s] + gateOffset, kernels) } ?? 1
        }
    }

    /// Where in a stream's state the values begin that the gate reads.
    private var gateOffset: Int { offsets[offsets.count - 1] + Cell.gateOffset(hiddenSize: layers[layers.count - 1].hiddenSize) }
}
