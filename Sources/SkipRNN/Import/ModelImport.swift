/// Turns weights saved by other frameworks, as safetensors, into a model file.
///
/// Two sources are known by their tensors' names: the authors' TensorFlow variables (`rnn/SkipGRUCell/gates/Weights`, …)
/// and PyTorch's `nn.GRU` and `nn.LSTM` (`weight_ih_l0`, …, under any prefix).
public struct ModelImport: Sendable {
    /// What the weights don't say, for the model file's metadata.
    public struct Description: Sendable {
        /// Class names; numbers from 0 up where there are none.
        public var labels: [String] = []
        public var channels: [String] = []
        public var sampleRate: Double?
        public var sequenceLength: Int?
        public var task: Architecture.Task = .classification

        public init() {}
    }

    public let file: ModelFile
    /// What was assumed, a sentence each.
    public let notes: [String]

    /// Converts a file.
    /// - Throws: `FileFormatError` where the names are of neither source, or a tensor is missing or of another shape.
    public init(_ source: Safetensors, _ description: Description) throws(FileFormatError) {
        var imported: ImportedWeights
        if let tensorFlow = try ImportedWeights(tensorFlow: source) {
            imported = tensorFlow
        } else if let torch = try ImportedWeights(torch: source) {
            imported = torch
        } else {
            let names = source.entries.keys.sorted().prefix(3).joined(separator: ", ")
            throw FileFormatError(source.file, "has neither the authors' TensorFlow variables (rnn/SkipGRUCell/…) nor tensors of torch.nn.GRU or nn.LSTM (weight_ih_l0, …); it begins with \(names.isEmpty ? "no tensor at all" : names)")
        }
        var task = description.task
        if imported.tensors["head.weight"] == nil {
            imported.addIdentityHead()
            task = .regression
        }
        let architecture = imported.architecture(task: task)
        var metadata = ModelMetadata()
        if task == .classification {
            metadata.labels = description.labels.isEmpty ? (0..<architecture.outputSize).map { String($0) } : description.labels
        }
        metadata.channels = description.channels
        metadata.sampleRate = description.sampleRate
        metadata.sequenceLength = description.sequenceLength
        file = try ModelFile(architecture, metadata: metadata, tensors: imported.tensors, file: source.file)
        notes = imported.notes
    }
}

/// Weights under a model file's names, and what they say about the architecture.
struct ImportedWeights {
    var cell: Architecture.Cell
    var gruVariant: Architecture.GRUVariant
    var candidateInput = Architecture.CandidateInput.layer
    var layerNorm = false
    var inputSize: Int
    var hiddenSizes: [Int]
    var tensors: [String: ModelFile.Tensor] = [:]
    var notes: [String] = []

    func architecture(task: Architecture.Task) -> Architecture {
        Architecture(
            cell: cell, gruVariant: gruVariant, candidateInput: candidateInput, layerNorm: layerNorm, task: task,
            inputSize: inputSize, hiddenSizes: hiddenSizes, outputSize: tensors["head.weight"]?.shape[0] ?? 0)
    }

    /// Weights without an output layer: the model gives its top hidden state, as a regression.
    mutating func addIdentityHead() {
        let size = hiddenSizes[hiddenSizes.count - 1]
        tensors["head.weight"] = ModelFile.Tensor(shape: [size, size], values: (0..<(size * size)).map { $0 / size == $0 % size ? 1 : 0 })
        tensors["head.bias"] = ModelFile.Tensor(shape: [size], values: [Float](repeating: 0, count: size))
        notes.append("there is no output layer among the weights: the model's outputs are its \(size) hidden units")
    }
}
