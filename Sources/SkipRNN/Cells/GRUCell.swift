import CSkipKernels

/// One GRU layer.
///
///     r = σ(W_ir x + W_hr h + b_r)          reset gate
///     z = σ(W_iz x + W_hz h + b_z)          update gate (not the state update gate)
///     n = tanh(W_in x + W_hn (r ∘ h) + b_n)                     reset before the product: the authors', TensorFlow 1
///     n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn))             reset after it: PyTorch, cuDNN, Keras
///     h = z ∘ h + (1 − z) ∘ n
///
/// With layer norm, r and z are normalised before their sigmoid, n is not. With `candidate_input = raw` the candidate of
/// an upper layer reads the timestep itself in place of the layer below, as the authors' MultiSkipGRUCell does.
///
/// Source: Cho et al. 2014; `skip_rnn_cells.py` of the released code; PyTorch's `nn.GRUCell`.
struct GRUCell: RecurrentCell, @unchecked Sendable { // its memory is only read
    let inputSize: Int
    let hiddenSize: Int
    /// r, z over [x, h]: (2 H, F + H).
    private let gates: PackedMatrix
    private let candidate: Candidate
    /// r, z.
    private let norms: UnsafeBufferPointer<LayerNorm>
    /// A Boolean value indicating whether the candidate reads the raw timestep.
    private let readsRawInput: Bool

    private enum Candidate {
        /// n over [x, r ∘ h]: (H, F + H).
        case resetBefore(PackedMatrix)
        /// n over x: (H, F); n over h: (H, H).
        case resetAfter(input: PackedMatrix, hidden: PackedMatrix)
    }

    init(_ file: ModelFile, layer: Int, in memory: WeightMemory) {
        let architecture = file.architecture
        let (inputSize, hiddenSize) = (architecture.inputSize(ofLayer: layer), architecture.hiddenSizes[layer])
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        readsRawInput = architecture.readsRawInput(layer)
        let weights = LayerTensors(file, layer: layer)
        gates = PackedMatrix(
            gates: [0, 1].map { weights.gate($0, inputSize: inputSize, hiddenSize: hiddenSize) },
            rows: hiddenSize, columns: inputSize + hiddenSize, in: memory)
        norms = memory.keep(weights.norms(2, hiddenSize: hiddenSize, in: memory))
        let (candidateWeight, candidateInputSize) = readsRawInput
            ? (weights.rawInput, architecture.inputSize) : (Array(weights.input[(2 * hiddenSize * inputSize)...]), inputSize)
        switch architecture.gruVariant {
        case .resetBefore:
            let bias = (0..<hiddenSize).map { weights.inputBias[2 * hiddenSize + $0] + weights.hiddenBias[2 * hiddenSize + $0] }
            let gate = { (row: Int, column: Int) -> Float in
                column < candidateInputSize ? candidateWeight[row * candidateInputSize + column]
                    : weights.hidden[(2 * hiddenSize + row) * hiddenSize + column - candidateInputSize]
            }
            let matrix = PackedMatrix(gates: [(gate, { bias[$0] })], rows: hiddenSize, columns: candidateInputSize + hiddenSize, in: memory)
            candidate = .resetBefore(matrix)
        case .resetAfter:
            candidate = .resetAfter(
                input: PackedMatrix(gates: [({ candidateWeight[$0 * candidateInputSize + $1] }, { weights.inputBias[2 * hiddenSize + $0] })], rows: hiddenSize, columns: candidateInputSize, in: memory),
                hidden: PackedMatrix(gates: [({ weights.hidden[(2 * hiddenSize + $0) * hiddenSize + $1] }, { weights.hiddenBias[2 * hiddenSize + $0] })], rows: hiddenSize, columns: hiddenSize, in: memory))
        }
    }

    func whole(at offset: Int) -> skip_gru? {
        guard case .resetBefore(let matrix) = candidate, norms.isEmpty, !readsRawInput else { return nil }
        return skip_gru(
            features: inputSize, hidden: hiddenSize, blocks: matrix.blocks, offset: offset, gates: gates.panel, gates_bias: gates.bias,
            candidate: matrix.panel, candidate_bias: matrix.bias)
    }

    static func stateSize(hiddenSize: Int) -> Int { hiddenSize }
    static func gateOffset(hiddenSize: Int) -> Int { 0 }

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
            if !norms.isEmpty {
                norms[0].apply(gates)
                norms[1].apply(gates + padded)
            }
            kernels.sigmoid(gates, 2 * padded)
        }
        computeCandidate(states, offset: offset, streams: streams, concatenated: concatenated, workspace, kernels)
        for s in 0..<streams {
            kernels.gruBlend(workspace.gates + s * rows + padded, workspace.candidates + s * rows, states[s] + offset, hiddenSize)
        }
    }

    private func computeCandidate(
        _ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, offset: Int, streams: Int, concatenated: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels
    ) {
        let padded = PackedMatrix.padded(hiddenSize)
        let (width, rows) = (workspace.width, workspace.rows)
        switch candidate {
        case .resetBefore(let matrix):
            let candidateInputSize = matrix.columns - hiddenSize
            for s in 0..<streams {
                // The gates are done with h in the concatenation: r ∘ h takes its place, behind x or the raw timestep.
                let row = concatenated + s * width
                if readsRawInput { row.update(from: workspace.input(s), count: candidateInputSize) }
                kernels.multiply(workspace.gates + s * rows, states[s] + offset, row + candidateInputSize, hiddenSize)
            }
            matrix.multiply(concatenated, stride: width, into: workspace.candidates, stride: rows, streams: streams, kernels)
        case .resetAfter(let input, let hidden):
            if readsRawInput {
                input.multiply(workspace.input(0), stride: width, into: workspace.candidates, stride: rows, streams: streams, kernels)
            } else {
                input.multiply(concatenated, stride: width, into: workspace.candidates, stride: rows, streams: streams, kernels)
            }
            hidden.multiply(concatenated + inputSize, stride: width, into: workspace.recurrent, stride: rows, streams: streams, kernels)
            for s in 0..<streams {
                kernels.multiplyAdd(workspace.gates + s * rows, workspace.recurrent + s * rows, workspace.candidates + s * rows, workspace.candidates + s * rows, padded)
            }
        }
        for s in 0..<streams { kernels.tanh(workspace.candidates + s * rows, padded) }
    }
}
