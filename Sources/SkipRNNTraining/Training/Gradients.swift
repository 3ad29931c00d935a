public import SkipRNN

/// The gradient of a model's loss over whole recordings: mean cross-entropy (or half squared error) plus λ times the
/// mean number of updates.
public struct Gradients: Sendable {
    /// By the model file's names: every tensor that the file has.
    public private(set) var tensors: [String: ModelFile.Tensor] = [:]
    public private(set) var result: BatchResult

    /// Recordings that run together; their memory is the reason for a bound.
    private static let batchSize = 16

    /// Computes the gradient, a few recordings of similar length at a time.
    /// - Throws: `FileFormatError` where recordings and model don't fit.
    public init(_ file: ModelFile, _ recordings: Recordings, _ options: LossOptions) throws(FileFormatError) {
        try recordings.check(fits: file.architecture)
        guard recordings.count > 0 else { throw FileFormatError(recordings.file, "has no recordings to take a gradient of") }
        let parameters = Parameters(file)
        let network = Network(file.architecture)
        network.update(parameters)
        let features = recordings.featureCount
        let mean = file.tensors["input.mean"]?.values ?? [Float](repeating: 0, count: features)
        let deviation = file.tensors["input.std"]?.values ?? [Float](repeating: 1, count: features)
        let ranges = recordings.ranges
        let order = ranges.indices.sorted { (ranges[$0].count, $0) < (ranges[$1].count, $1) }
        var sum = parameters.zeros
        result = BatchResult()
        for start in stride(from: 0, to: order.count, by: Self.batchSize) {
            let chosen = order[start..<min(start + Self.batchSize, order.count)]
            var batch = Batch(chosen.map { index in
                (ranges[index].lowerBound * features..<ranges[index].upperBound * features).map { (recordings.samples[$0] - mean[$0 % features]) / deviation[$0 % features] }[...]
            }, features: features)
            if let classes = recordings.classes { batch.classes = chosen.map { classes[$0] } }
            if let targets = recordings.targets {
                let outputs = file.architecture.outputSize
                batch.targets = chosen.flatMap { targets[($0 * outputs)..<(($0 + 1) * outputs)] }
            }
            var gradient = parameters.zeros
            var part = network.run(batch, options, gradient: &gradient)
            let weight = Double(chosen.count) / Double(order.count)
            for index in sum.values.indices { sum.values[index] += Float(weight) * gradient.values[index] }
            part.taskLoss *= weight
            part.budgetLoss *= weight
            result.add(part)
        }
        tensors = sum.fileTensors
        addNormalization(file, deviation)
    }

    /// The derivatives of mean and standard deviation follow from those of the weights that read the timestep:
    ///
    ///     ∂mean_f = −1/std_f · Σ_r W_rf ∂b_r,    ∂std_f = −1/std_f · Σ_r W_rf ∂W_rf
    ///
    /// since ∂b_r is the sum of ∂(pre-activation r), and ∂W_rf the sum of it times the normalised x_f.
    private mutating func addNormalization(_ file: ModelFile, _ deviation: [Float]) {
        let architecture = file.architecture
        let features = architecture.inputSize
        var (means, deviations) = ([Double](repeating: 0, count: features), [Double](repeating: 0, count: features))
        func add(_ name: String, bias: String, firstRow: Int) {
            guard let weight = file.tensors[name], let gradient = tensors[name], let bias = tensors[bias] else { return }
            for row in 0..<weight.shape[0] {
                for f in 0..<features {
                    let w = Double(weight.values[row * features + f])
                    means[f] -= w * Double(bias.values[firstRow + row])
                    deviations[f] -= w * Double(gradient.values[row * features + f])
                }
            }
        }
        add("rnn.weight_ih_l0", bias: "rnn.bias_ih_l0", firstRow: 0)
        for layer in architecture.hiddenSizes.indices where architecture.readsRawInput(layer) {
            add("rnn.weight_in_l\(layer)", bias: "rnn.bias_ih_l\(layer)", firstRow: 2 * architecture.hiddenSizes[layer])
        }
        for (name, values) in [("input.mean", means), ("input.std", deviations)] where file.tensors[name] != nil {
            tensors[name] = ModelFile.Tensor(shape: [features], values: zip(values, deviation).map { Float($0 / Double($1)) })
        }
    }

    /// Writes the tensors as a safetensors file.
    public func write(to path: String) throws(FileFormatError) {
        var writer = SafetensorsWriter(metadata: ["format": "skip-gradients", "version": "1", "loss": String(result.loss), "cross_entropy": String(result.taskLoss), "budget": String(result.budgetLoss)])
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { writer.add(name, shape: tensor.shape, floats: tensor.values) }
        try writer.write(to: path)
    }
}
