import CSkipKernels

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
struct SkipCell<Cell: RecurrentCell>: BitwiseCopyable, @unchecked Sendable { // its memory is only read
    private let layers: UnsafeBufferPointer<Layer>
    /// The layers as one kernel, `gru`, computes them all; nil where one of them is put together of parts.
    private let whole: UnsafePointer<skip_gru>?
    private let gate: StateUpdateGate?
    /// Where the top layer's state begins in a stream's state.
    let topOffset: Int
    /// Where in a stream's state the values begin that the gate reads.
    private let gateOffset: Int

    private struct Layer: BitwiseCopyable {
        let cell: Cell
        /// Where the layer's state begins in a stream's state.
        let offset: Int
    }

    /// Stacks layers, bottom first; at least one.
    init(layers cells: [Cell], gate: StateUpdateGate?, in memory: WeightMemory) {
        var layers: [Layer] = []
        var offset = 0
        for cell in cells {
            layers.append(Layer(cell: cell, offset: offset))
            offset += Cell.stateSize(hiddenSize: cell.hiddenSize)
        }
        self.layers = memory.keep(layers)
        let whole = layers.compactMap { $0.cell.whole(at: $0.offset) }
        self.whole = whole.count == layers.count ? memory.keep(whole).baseAddress : nil
        self.gate = gate
        let top = layers[layers.count - 1]
        topOffset = top.offset
        gateOffset = top.offset + Cell.gateOffset(hiddenSize: top.cell.hiddenSize)
    }

    /// Updates several streams' states in place, from the timesteps in `workspace.input`.
    /// - Parameters:
    ///   - states: each stream's state, its layers' states one behind the other.
    ///   - increments: receives each stream's new Δũ; 1 without a gate, so that the next timestep updates.
    func update(_ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, streams: Int, increments: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels) {
        if let whole {
            states.withMemoryRebound(to: UnsafeMutablePointer<Float>?.self, capacity: streams) {
                kernels.gru(
                    whole, layers.count, $0, streams, workspace.input(0), workspace.width, workspace.gates, workspace.rows, gate?.weight.baseAddress, increments)
            }
        } else {
            updateByLayers(states, streams: streams, products: increments, workspace, kernels)
        }
        for s in 0..<streams { increments[s] = gate?.increment(ofProduct: increments[s]) ?? 1 }
    }

    /// Updates the states layer by layer.
    /// - Parameter products: receives the gate's products with the new states.
    private func updateByLayers(
        _ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, streams: Int, products: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels
    ) {
        for index in layers.indices {
            let concatenated = workspace.concatenated(layer: index)
            if index > 0 {
                let (below, inputSize) = (layers[index - 1].offset, layers[index].cell.inputSize)
                for s in 0..<streams { (concatenated + s * workspace.width).update(from: states[s] + below, count: inputSize) }
            }
            layers[index].cell.update(states, offset: layers[index].offset, streams: streams, concatenated: concatenated, workspace, kernels)
        }
        guard let gate else { return }
        for s in 0..<streams { products[s] = gate.product(with: states[s] + gateOffset, kernels) }
    }
}
