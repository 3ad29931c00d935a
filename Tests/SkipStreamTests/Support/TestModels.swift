import SkipRNN
import TestSupport

/// Small models with weights by chance.
enum TestModels {
    /// Labels that need care in JSON: quotes, a backslash, a control character, other scripts.
    static let labels = ["A\"B", "b\\c", "läuft", "\u{1}\n", "日本", "plain"]

    /// A skip GRU whose increment is always 0.13, so that every fourth timestep of a sequence updates: 0, 4, 8, …
    static let everyFourth = everyFourth()

    static func everyFourth(features: Int = 2, metadata change: (inout ModelMetadata) -> Void = { _ in }) -> Model {
        var generator = SplitMix(seed: 4)
        return make(&generator, layers: [4], features: features, gateBias: -1.9009587, gateWeight: 0...0, metadata: change)
    }

    /// A model whose update probability increments lie about σ(`gateBias`).
    static func make(
        _ generator: inout SplitMix, cell: Architecture.Cell = .skipGRU, layers: [Int] = [5], features: Int = 3, outputs: Int = 3,
        task: Architecture.Task = .classification, gateBias: Float = -1.5, gateWeight: ClosedRange<Float> = -1...1,
        metadata change: (inout ModelMetadata) -> Void = { _ in }
    ) -> Model {
        let architecture = Architecture(
            cell: cell, gruVariant: generator.pick([.resetBefore, .resetAfter]), candidateInput: generator.pick([.layer, .raw]),
            layerNorm: generator.once(in: 4), task: task, inputSize: features, hiddenSizes: layers, outputSize: outputs)
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in architecture.parameters where !parameter.isOptional || generator.once(in: 2) {
            let size = parameter.shape.reduce(1, *)
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: (0..<size).map { _ in
                switch parameter.name {
                case "state_update_gate.bias": gateBias
                case "state_update_gate.weight": generator.float(gateWeight)
                case "input.std": generator.float(0.5...2)
                case "head.weight": generator.float(-3...3)
                default: generator.float(-1...1)
                }
            })
        }
        var metadata = ModelMetadata()
        if task == .classification { metadata.labels = (0..<outputs).map { labels[$0 % labels.count] + ($0 < labels.count ? "" : "\($0)") } }
        change(&metadata)
        do {
            return Model(try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "test"))
        } catch {
            fatalError("\(error)")
        }
    }

    /// A model of any kind.
    static func random(_ generator: inout SplitMix, features: Int) -> Model {
        let task: Architecture.Task = generator.once(in: 5) ? .regression : .classification
        let cell: Architecture.Cell = generator.pick([.skipGRU, .skipGRU, .skipLSTM, .skipLSTM, .gru, .lstm])
        let layers = (0..<generator.number(1...2)).map { _ in generator.number(1...9) }
        let outputs = generator.number(task == .regression ? 1...3 : 2...6)
        let gateBias = generator.float(-4...0.3)
        let (rate, length, maxSkip): (Double?, Int?, Int?) = (
            generator.pick([nil, 50, 30, 0.5, 1000]), generator.pick([nil, nil, 1, 7, 40, 200]), generator.pick([nil, nil, 1, 5, 30]))
        return make(&generator, cell: cell, layers: layers, features: features, outputs: outputs, task: task, gateBias: gateBias) { metadata in
            (metadata.sampleRate, metadata.sequenceLength, metadata.maxSkip) = (rate, length, maxSkip)
        }
    }

    /// A model of the same architecture and metadata with other weights.
    static func sibling(of model: Model, _ generator: inout SplitMix) -> Model {
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in model.architecture.parameters where !parameter.isOptional {
            let size = parameter.shape.reduce(1, *)
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: (0..<size).map { _ in
                parameter.name == "state_update_gate.bias" ? generator.float(-3...0) : generator.float(-1...1)
            })
        }
        do {
            return Model(try ModelFile(model.architecture, metadata: model.metadata, tensors: tensors, file: "test"))
        } catch {
            fatalError("\(error)")
        }
    }
}
