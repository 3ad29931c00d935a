import SkipRNN
import TestSupport

/// Models and inputs made up from a seed, for tests that must hold for any.
enum RandomModel {
    /// Any architecture that a file can have, small.
    static func architecture(_ generator: inout SplitMix, cell: Architecture.Cell? = nil) -> Architecture {
        let cell = cell ?? Architecture.Cell.allCases.randomElement(using: &generator) ?? .skipGRU
        return Architecture(
            cell: cell, gruVariant: Bool.random(using: &generator) ? .resetBefore : .resetAfter,
            candidateInput: cell.isLSTM || Bool.random(using: &generator) ? .layer : .raw, layerNorm: Int.random(in: 0..<3, using: &generator) == 0,
            inputSize: .random(in: 1...9, using: &generator), hiddenSizes: (0..<Int.random(in: 1...3, using: &generator)).map { _ in .random(in: 1...40, using: &generator) },
            outputSize: .random(in: 1...5, using: &generator))
    }

    /// Weights of the size that trained ones have; the gate's bias low enough that some timesteps are skipped.
    static func file(_ architecture: Architecture, _ generator: inout SplitMix, maxSkip: Int? = nil) throws -> ModelFile {
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in architecture.parameters where !parameter.isOptional || Bool.random(using: &generator) {
            let count = parameter.shape.reduce(1, *)
            let bound: Float = parameter.shape.count == 2 ? 1.5 / Float(parameter.shape[1]).squareRoot() : 0.5
            var values = (0..<count).map { _ in Float.random(in: -bound...bound, using: &generator) }
            if parameter.name == "input.std" || parameter.name.contains("norm_gain") { values = values.map { abs($0) + 0.5 } }
            if parameter.name == "state_update_gate.bias" { values = [Float.random(in: -2...0.5, using: &generator)] }
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: values)
        }
        var metadata = ModelMetadata()
        if architecture.task == .classification { metadata.labels = (0..<architecture.outputSize).map { "class \($0)" } }
        metadata.maxSkip = maxSkip
        return try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "random")
    }

    /// (T, F) in [−2, 2).
    static func timesteps(_ count: Int, features: Int, _ generator: inout SplitMix) -> [Float] {
        (0..<(count * features)).map { _ in Float.random(in: -2..<2, using: &generator) }
    }
}
