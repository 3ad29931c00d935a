/// A model as its file has it: architecture, metadata and tensors under PyTorch's names and in PyTorch's layout.
///
/// This is what training changes and what importing makes; `Model` is the same laid out for inference.
public struct ModelFile: Sendable {
    /// Values of one tensor, row-major, computed in Float32 whatever the file stores.
    public struct Tensor: Sendable, Equatable {
        public let shape: [Int]
        public var values: [Float]

        public init(shape: [Int], values: [Float]) {
            precondition(shape.reduce(1, *) == values.count, "a tensor's shape must hold its values")
            self.shape = shape
            self.values = values
        }
    }

    public let architecture: Architecture
    public var metadata: ModelMetadata
    /// By name; exactly the architecture's parameters, less optional ones.
    public var tensors: [String: Tensor]
    /// What the file held that nobody knows: tensors and metadata, a sentence each.
    public private(set) var warnings: [String] = []

    static let format = "skip-model"
    static let version = "1"

    /// Puts a model together.
    /// - Throws: `FileFormatError`, naming `file`, where a tensor is missing, of another shape or not finite, or the labels don't fit.
    public init(_ architecture: Architecture, metadata: ModelMetadata, tensors: [String: Tensor], file: String) throws(FileFormatError) {
        self.architecture = architecture
        self.metadata = metadata
        self.tensors = tensors
        try check(file)
    }

    /// Reads and checks a model file.
    /// - Throws: `FileFormatError` that says what is wrong, where, and what was expected.
    public init(contentsOf path: String) throws(FileFormatError) {
        try self.init(try Safetensors(contentsOf: path))
    }

    /// Checks and takes over a safetensors file.
    public init(_ file: Safetensors) throws(FileFormatError) {
        guard file.metadata["format"] == Self.format else {
            throw FileFormatError(file.file, "its metadata format is \(file.metadata["format"] ?? "missing"), \(Self.format) was expected; `skipctl model import` converts other weights")
        }
        guard file.metadata["version"] == Self.version else {
            throw FileFormatError(file.file, "its metadata version is \(file.metadata["version"] ?? "missing"), \(Self.version) is the one this skipd reads")
        }
        architecture = try Architecture(file)
        metadata = try ModelMetadata(file)
        tensors = [:]
        let parameters = Dictionary(uniqueKeysWithValues: architecture.parameters.map { ($0.name, $0) })
        for (name, entry) in file.entries {
            guard parameters[name] != nil else {
                warnings.append("\(file.file): the tensor \(name) is unknown and not used")
                continue
            }
            guard [.f16, .f32, .f64].contains(entry.type) else { throw FileFormatError(file.file, "the tensor \(name) has dtype \(entry.type.rawValue), F32, F64 or F16 was expected") }
            tensors[name] = Tensor(shape: entry.shape, values: file.floats(name) ?? [])
        }
        for key in file.metadata.keys.sorted() where !ModelMetadata.isKnown(key) { warnings.append("\(file.file): the metadata \(key) is unknown and not used") }
        warnings.sort()
        try check(file.file)
    }

    private func check(_ file: String) throws(FileFormatError) {
        for parameter in architecture.parameters {
            guard let tensor = tensors[parameter.name] else {
                if parameter.isOptional { continue }
                throw FileFormatError(file, "the tensor \(parameter.name) of shape \(describe(parameter.shape)) is missing")
            }
            guard tensor.shape == parameter.shape else { throw FileFormatError(file, "the tensor \(parameter.name) has shape \(describe(tensor.shape)), \(describe(parameter.shape)) was expected") }
            guard let index = tensor.values.firstIndex(where: { !$0.isFinite }) else { continue }
            throw FileFormatError(file, "the tensor \(parameter.name) has \(tensor.values[index]) at element \(index), only finite numbers are allowed")
        }
        if let index = tensors["input.std"]?.values.firstIndex(where: { $0 <= 0 }) { throw FileFormatError(file, "the tensor input.std is not above 0 at element \(index)") }
        if architecture.task == .classification, metadata.labels.count != architecture.outputSize {
            throw FileFormatError(file, "its metadata labels has \(metadata.labels.count) names, but head.weight has \(architecture.outputSize) rows; one name a class was expected")
        }
        if !metadata.channels.isEmpty, metadata.channels.count != architecture.inputSize {
            throw FileFormatError(file, "its metadata channels has \(metadata.channels.count) names, but a timestep has \(architecture.inputSize) features")
        }
    }

    /// The file's bytes; tensors as F32.
    public func encoded() -> [UInt8] { writer.encoded() }

    /// Writes the file aside, then renames it into place.
    public func write(to path: String) throws(FileFormatError) { try writer.write(to: path) }

    private var writer: SafetensorsWriter {
        var metadata = metadata.encoded
        metadata["format"] = Self.format
        metadata["version"] = Self.version
        metadata.merge(architecture.encoded) { $1 }
        var writer = SafetensorsWriter(metadata: metadata)
        for parameter in architecture.parameters {
            if let tensor = tensors[parameter.name] { writer.add(parameter.name, shape: tensor.shape, floats: tensor.values) }
        }
        return writer
    }
}
