/// One LSTM layer.
///
///     i = σ(W_ii x + W_hi h + b_i)      input gate
///     f = σ(W_if x + W_hf h + b_f)      forget gate (the authors' run-time bias of 1 is already in b_f)
///     g = tanh(W_ig x + W_hg h + b_g)   cell candidate (j in the authors' code)
///     o = σ(W_io x + W_ho h + b_o)      output gate
///     c = f ∘ c + i ∘ g
///     h = o ∘ tanh(c)
///
/// With layer norm all four are normalised before their activation, c is not.
///
/// Source: Hochreiter & Schmidhuber 1997, Gers et al. 2000; `skip_rnn_cells.py` of the released code; PyTorch's `nn.LSTMCell`.
struct LSTMCell: RecurrentCell, @unchecked Sendable { // its memory is only read
    let inputSize: Int
    let hiddenSize: Int
    /// i, f, o, g over [x, h]: (4 H, F + H). The three sigmoids lie side by side.
    private let gates: PackedMatrix
    /// In the order of `gates`.
    private let norms: UnsafeBufferPointer<LayerNorm>

    /// The file's rows (i, f, g, o) in the order in which they are computed (i, f, o, g).
    private static let order = [0, 1, 3, 2]

    init(_ file: ModelFile, layer: Int, in memory: WeightMemory) {
        let architecture = file.architecture
        let (inputSize, hiddenSize) = (architecture.inputSize(ofLayer: layer), architecture.hiddenSizes[layer])
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        let weights = LayerTensors(file, layer: layer)
        gates = PackedMatrix(
            gates: Self.order.map { weights.gate($0, inputSize: inputSize, hiddenSize: hiddenSize) },
            rows: hiddenSize, columns: inputSize + hiddenSize, in: memory)
        let norms = weights.norms(4, hiddenSize: hiddenSize, in: memory)
        self.norms = memory.keep(norms.isEmpty ? [] : Self.order.map { norms[$0] })
    }

    static func stateSize(hiddenSize: Int) -> Int { 2 * hiddenSize }
    static func gateOffset(hiddenSize: Int) -> Int { hiddenSize }

    func update(
        _ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, offset: Int, streams: Int, concatenated: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels
    ) {
        let padded = PackedMatrix.padded(hiddenSize)
        let (width, rows) = (workspace.width, workspace.rows)
        for s in 0..<streams {
            (concatenated + s * width + inputSize).update(from: states[s] + offset, count: hiddenSize)
        }
        gates.multiply(concatenated, stride: width, into: workspace.gates, stride: rows, streams: streams, kernels)
        for s in 0..<streams {
            let gates = workspace.gates + s * rows
            for gate in norms.indices { norms[gate].apply(gates + gate * padded) }
            kernels.sigmoid(gates, 3 * padded)
            kernels.tanh(gates + 3 * padded, padded)
            let h = states[s] + offset
            kernels.lstmBlend(gates, gates + padded, gates + 3 * padded, gates + 2 * padded, h + hiddenSize, h, hiddenSize)
        }
    }
}
