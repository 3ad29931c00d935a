public import SkipRNN

/// A model's trainable values, one after the other under the model file's names, and where each tensor lies among them.
public struct Parameters: Sendable, Equatable {
    public let architecture: Architecture
    /// The tensors in the order of MODEL.md; `input.mean` and `input.std` are not trained and not among them.
    public let tensors: [Architecture.Parameter]
    public let ranges: [String: Range<Int>]
    public var values: [Float]

    /// All values zero, for the tensors of `names`.
    init(_ architecture: Architecture, tensors names: (Architecture.Parameter) -> Bool) {
        self.architecture = architecture
        tensors = architecture.parameters.filter { !$0.name.hasPrefix("input.") && names($0) }
        var ranges: [String: Range<Int>] = [:]
        var offset = 0
        for tensor in tensors {
            let count = tensor.shape.reduce(1, *)
            ranges[tensor.name] = offset..<(offset + count)
            offset += count
        }
        self.ranges = ranges
        values = [Float](repeating: 0, count: offset)
    }

    /// A model file's values. Optional tensors that the file lacks stay out: they are not trained.
    public init(_ file: ModelFile) {
        self.init(file.architecture) { file.tensors[$0.name] != nil }
        for (name, range) in ranges { values.replaceSubrange(range, with: file.tensors[name]?.values ?? []) }
    }

    /// Takes a share off every weight (Loshchilov & Hutter 2019: decoupled from the gradient's moments).
    mutating func decay(by share: Float) {
        for tensor in tensors where tensor.name.contains("weight") {
            for place in ranges[tensor.name] ?? 0..<0 { values[place] -= share * values[place] }
        }
    }

    /// The same tensors, all zero: the shape of a gradient.
    public var zeros: Parameters {
        var copy = self
        copy.values = [Float](repeating: 0, count: values.count)
        return copy
    }

    /// A hash of the values (FNV-1a, 64 bit), 16 hexadecimal digits.
    public var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for value in values { hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A tensor's values; nil where the model lacks it.
    public subscript(_ name: String) -> ArraySlice<Float>? { ranges[name].map { values[$0] } }

    /// The values as a model file's tensors.
    public var fileTensors: [String: ModelFile.Tensor] {
        Dictionary(uniqueKeysWithValues: tensors.map { tensor in
            (tensor.name, ModelFile.Tensor(shape: tensor.shape, values: Array(self[tensor.name] ?? [])))
        })
    }
}
