public import SkipRNN

/// Numbers from a seed: the same on every machine.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension ModelFile {
    /// A skip GRU of one layer with made-up weights, whose gate updates every `period` timesteps whatever it is given.
    /// - Parameter period: 1 for all timesteps; nil for a gate that the state moves, Δũ around 0.1.
    public static func made(features: Int = 6, hidden: Int, classes: Int = 7, period: Int?) throws -> ModelFile {
        let architecture = Architecture(cell: .skipGRU, inputSize: features, hiddenSizes: [hidden], outputSize: classes)
        var generator = SplitMix(UInt64(hidden))
        var tensors: [String: Tensor] = [:]
        for parameter in architecture.parameters where !parameter.isOptional {
            let bound = 1 / Float(parameter.shape[parameter.shape.count - 1]).squareRoot()
            tensors[parameter.name] = Tensor(
                shape: parameter.shape, values: (0..<parameter.shape.reduce(1, *)).map { _ in .random(in: -bound...bound, using: &generator) })
        }
        if let period {
            // Halfway between the increments that would make it one timestep more and one less; everything above ½ is every timestep.
            let increment = period == 1 ? 0.9 : 0.5 / (Double(period) - 0.5)
            tensors["state_update_gate.weight"] = Tensor(shape: [1, hidden], values: [Float](repeating: 0, count: hidden))
            tensors["state_update_gate.bias"] = Tensor(shape: [1], values: [logit(increment)])
        } else {
            tensors["state_update_gate.bias"] = Tensor(shape: [1], values: [logit(0.1)])
        }
        var metadata = ModelMetadata()
        metadata.labels = (0..<classes).map { "class \($0)" }
        return try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "made")
    }
}
