/// What a model is made of, without its weights: everything that decides which tensors it has and what shape they are.
public struct Architecture: Sendable, Hashable {
    /// The recurrent cell, by its name in model files.
    public enum Cell: String, Sendable, CaseIterable {
        case skipGRU = "skip_gru", skipLSTM = "skip_lstm", gru, lstm

        /// A Boolean value indicating whether a state update gate decides which timesteps are read.
        public var hasStateUpdateGate: Bool { self == .skipGRU || self == .skipLSTM }
        /// A Boolean value indicating whether the layers are LSTMs.
        public var isLSTM: Bool { self == .skipLSTM || self == .lstm }
        /// Gates stacked in a layer's matrices: r, z, n or i, f, g, o.
        public var gates: Int { isLSTM ? 4 : 3 }
    }

    /// Where a GRU's candidate applies the reset gate.
    public enum GRUVariant: String, Sendable, CaseIterable {
        /// To h, before the product: the authors', TensorFlow 1.
        case resetBefore = "reset_before"
        /// To the product: PyTorch, cuDNN, Keras, ONNX `linear_before_reset=1`.
        case resetAfter = "reset_after"
    }

    /// What the candidate of a layer above the first reads.
    public enum CandidateInput: String, Sendable, CaseIterable {
        /// The layer below.
        case layer
        /// The timestep itself, as in the authors' released MultiSkipGRUCell.
        case raw
    }

    public enum Task: String, Sendable, CaseIterable { case classification, regression }

    public var cell: Cell
    /// Ignored by LSTM cells.
    public var gruVariant: GRUVariant
    /// Ignored by LSTM cells and by the first layer.
    public var candidateInput: CandidateInput
    public var layerNorm: Bool
    public var task: Task
    /// F, features of a timestep.
    public var inputSize: Int
    /// H of each layer, bottom first; at least one.
    public var hiddenSizes: [Int]
    /// C, classes or regression outputs.
    public var outputSize: Int

    public init(
        cell: Cell, gruVariant: GRUVariant = .resetBefore, candidateInput: CandidateInput = .layer, layerNorm: Bool = false,
        task: Task = .classification, inputSize: Int, hiddenSizes: [Int], outputSize: Int
    ) {
        self.cell = cell
        self.gruVariant = gruVariant
        self.candidateInput = candidateInput
        self.layerNorm = layerNorm
        self.task = task
        self.inputSize = inputSize
        self.hiddenSizes = hiddenSizes
        self.outputSize = outputSize
    }

    /// L.
    public var layerCount: Int { hiddenSizes.count }
    /// H of the top layer.
    public var topHiddenSize: Int { hiddenSizes[hiddenSizes.count - 1] }
    /// Features that layer `layer` reads: F, or H of the layer below.
    public func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? inputSize : hiddenSizes[layer - 1] }
    /// A Boolean value indicating whether a layer's candidate reads the timestep in place of the layer below.
    public func readsRawInput(_ layer: Int) -> Bool { layer > 0 && !cell.isLSTM && candidateInput == .raw }
    /// Floats of one stream's state, all layers: 4 bytes each.
    public var stateSize: Int { hiddenSizes.reduce(0, +) * (cell.isLSTM ? 2 : 1) }
}
