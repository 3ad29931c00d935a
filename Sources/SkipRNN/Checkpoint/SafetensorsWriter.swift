/// Collects tensors and encodes them as one safetensors file; equal content gives equal bytes.
public struct SafetensorsWriter: Sendable {
    public var metadata: [String: String]
    private var tensors: [(name: String, type: ElementType, shape: [Int], bytes: [UInt8])] = []

    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor of Float32 values, row-major; the shape's product must be their number.
    public mutating func add(_ name: String, shape: [Int], floats: [Float]) {
        add(name, .f32, shape, floats.map { $0.bitPattern.littleEndian })
    }

    /// Adds a tensor of Int64 values.
    public mutating func add(_ name: String, shape: [Int], integers: [Int]) {
        add(name, .i64, shape, integers.map { Int64($0).littleEndian })
    }

    /// Adds a tensor of UInt8 values.
    public mutating func add(_ name: String, shape: [Int], bytes: [UInt8]) {
        add(name, .u8, shape, bytes)
    }

    private mutating func add(_ name: String, _ type: ElementType, _ shape: [Int], _ values: [some BitwiseCopyable]) {
        precondition(shape.reduce(1, *) == values.count, "a tensor's shape must hold its values")
        precondition(!tensors.contains { $0.name == name }, "a tensor's name must be new")
        tensors.append((name, type, shape, values.withUnsafeBytes { [UInt8]($0) }))
    }

    /// The file's bytes. Tensors are ordered by falling element size, then name, as the reference implementation does,
    /// so that each is aligned to its elements.
    public func encoded() -> [UInt8] {
        let ordered = tensors.sorted { ($1.type.size, $0.name) < ($0.type.size, $1.name) }
        var header: [UInt8] = [UInt8(ascii: "{")]
        if !metadata.isEmpty {
            header.append(contentsOf: "\"__metadata__\":{".utf8)
            for (index, (key, value)) in metadata.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { header.append(UInt8(ascii: ",")) }
                header.appendJSON(key)
                header.append(UInt8(ascii: ":"))
                header.appendJSON(value)
            }
            header.append(UInt8(ascii: "}"))
        }
        var offset = 0
        for tensor in ordered {
            if header.count > 1 { header.append(UInt8(ascii: ",")) }
            header.appendJSON(tensor.name)
            let shape = tensor.shape.map { String($0) }.joined(separator: ",")
            header.append(contentsOf: ":{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(offset + tensor.bytes.count)]}".utf8)
            offset += tensor.bytes.count
        }
        header.append(UInt8(ascii: "}"))
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        var file: [UInt8] = []
        file.reserveCapacity(8 + header.count + offset)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(contentsOf: header)
        for tensor in ordered { file.append(contentsOf: tensor.bytes) }
        return file
    }

    /// Writes the file aside, then renames it into place.
    public func write(to path: String) throws(FileFormatError) { try writeFile(encoded(), to: path) }
}
