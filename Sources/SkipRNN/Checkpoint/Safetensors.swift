/// A safetensors file: named tensors and text metadata, checked as a whole before anything in it is trusted.
///
///     | 8 bytes: N, little-endian | N bytes of JSON | tensors, end to end |
///
/// Source: <https://huggingface.co/docs/safetensors>. Refused beyond what that page asks: holes between tensors,
/// bytes behind the last one, duplicate keys.
public struct Safetensors: Sendable {
    /// One tensor's place in the file.
    public struct Entry: Sendable, Equatable {
        public let type: ElementType
        /// Row-major (C order).
        public let shape: [Int]
        /// Its bytes, counted from the end of the header.
        let offsets: Range<Int>

        /// The number of elements.
        public var count: Int { shape.reduce(1, *) }
    }

    /// The name that errors give the file.
    public let file: String
    public let metadata: [String: String]
    public let entries: [String: Entry]
    private let bytes: [UInt8]
    private let dataStart: Int

    /// A longer header is refused before it is read, as the reference implementation does. In bytes.
    static let maximumHeader = 100_000_000

    /// Reads and checks a file.
    /// - Throws: `FileFormatError` that says what is wrong and where.
    public init(contentsOf path: String) throws(FileFormatError) {
        try self.init(bytes: try readFile(path), file: path)
    }

    /// Checks a file's bytes; `file` is the name for errors.
    public init(bytes: [UInt8], file: String) throws(FileFormatError) {
        self.file = file
        self.bytes = bytes
        guard bytes.count >= 8 else { throw FileFormatError(file, "has \(bytes.count) bytes, too few for a safetensors file's header length") }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= Self.maximumHeader else { throw FileFormatError(file, "its header would be \(length) bytes long, at most 100,000,000 are allowed; it is not a safetensors file, or is damaged") }
        guard Int(length) <= bytes.count - 8 else { throw FileFormatError(file, "its header should be \(length) bytes long, but the file ends after \(bytes.count - 8); it was cut short") }
        dataStart = 8 + Int(length)
        do throws(HeaderError) {
            (metadata, entries) = try bytes.withUnsafeBufferPointer { (all) throws(HeaderError) in
                try Self.header(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[8..<(8 + Int(length))])))
            }
        } catch {
            switch error {
            case .json(let error): throw FileFormatError(file, "its header is not the JSON of a safetensors file: \(error.problem) at byte \(error.offset)")
            case .content(let problem): throw FileFormatError(file, problem)
            }
        }
        try checkLayout()
    }

    private enum HeaderError: Error { case json(JSONError), content(String) }

    private static func header(_ text: UnsafeRawBufferPointer) throws(HeaderError) -> ([String: String], [String: Entry]) {
        var metadata: [String: String] = [:]
        var hasMetadata = false
        var entries: [String: Entry] = [:]
        var problem: String?
        var reader = JSONReader(text)
        do {
            try reader.object { (reader, key) throws(JSONError) in
                let name = key.string
                if name == "__metadata__" {
                    if hasMetadata { problem = problem ?? "its header has __metadata__ twice" }
                    hasMetadata = true
                    try reader.object { (reader, key) throws(JSONError) in
                        let value = try reader.text().string
                        if metadata.updateValue(value, forKey: key.string) != nil { problem = problem ?? "its metadata has the key \(key.string) twice" }
                    }
                } else {
                    let entry = try Self.entry(&reader, name, &problem)
                    if let entry, entries.updateValue(entry, forKey: name) != nil { problem = problem ?? "its header has the tensor \(name) twice" }
                }
            }
            try reader.end()
        } catch {
            throw .json(error)
        }
        if let problem { throw .content(problem) }
        return (metadata, entries)
    }

    private static func entry(_ reader: inout JSONReader, _ name: String, _ problem: inout String?) throws(JSONError) -> Entry? {
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        var trouble: String?
        try reader.object { (reader, key) throws(JSONError) in
            func note(_ isRepeated: Bool) { if isRepeated { trouble = "the tensor \(name) has \(key.string) twice" } }
            if key.equals("dtype") {
                note(typeName != nil)
                typeName = try reader.text().string
            } else if key.equals("shape") {
                note(shape != nil)
                shape = try integers(&reader)
            } else if key.equals("data_offsets") {
                note(offsets != nil)
                offsets = try integers(&reader)
            } else {
                trouble = trouble ?? "the tensor \(name) has the unknown field \(key.string)"
                try reader.skipValue()
            }
        }
        if trouble == nil {
            switch (typeName, shape, offsets) {
            case (let typeName?, let shape?, let offsets?):
                guard let type = ElementType(rawValue: typeName) else { trouble = "the tensor \(name) has the unknown dtype \(typeName)"; break }
                guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else { trouble = "the tensor \(name) has data_offsets \(offsets), two ascending numbers were expected"; break }
                guard let size = byteCount(shape, type), size == offsets[1] - offsets[0] else {
                    trouble = "the tensor \(name) of shape \(describe(shape)) and dtype \(typeName) has \(offsets[1] - offsets[0]) bytes, which don't fit"
                    break
                }
                return Entry(type: type, shape: shape, offsets: offsets[0]..<offsets[1])
            default:
                trouble = "the tensor \(name) needs dtype, shape and data_offsets"
            }
        }
        problem = problem ?? trouble
        return nil
    }

    private static func integers(_ reader: inout JSONReader) throws(JSONError) -> [Int] {
        var values: [Int] = []
        try reader.array { (reader) throws(JSONError) in values.append(try reader.integer()) }
        return values
    }

    /// The bytes a tensor takes; nil where a dimension is negative or the product overflows.
    static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
        var size = type.size
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            size = product
        }
        return size
    }

    private func checkLayout() throws(FileFormatError) {
        var expected = 0
        // By name where the places are equal, so that the same file is always refused with the same sentence.
        let places = entries.map { (start: $0.value.offsets.lowerBound, end: $0.value.offsets.upperBound, name: $0.key) }.sorted { ($0.start, $0.end, $0.name) < ($1.start, $1.end, $1.name) }
        for place in places {
            guard place.start == expected else {
                let what = place.start < expected ? "overlaps the tensor before it" : "leaves a hole before it"
                throw FileFormatError(file, "the tensor \(place.name) at byte \(place.start) \(what), byte \(expected) was expected")
            }
            expected = place.end
        }
        guard expected == bytes.count - dataStart else {
            throw FileFormatError(file, "its tensors end at byte \(expected), but the file has \(bytes.count - dataStart) bytes of them; it was cut short or something was appended")
        }
    }

    /// Calls `body` with a tensor's raw bytes.
    public func withBytes<Result>(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[(dataStart + entry.offsets.lowerBound)..<(dataStart + entry.offsets.upperBound)])) }
    }

    /// A tensor's elements as Float, row-major; nil where there is no such tensor.
    public func floats(_ name: String) -> [Float]? {
        guard let entry = entries[name] else { return nil }
        var values: [Float] = []
        values.reserveCapacity(entry.count)
        withBytes(of: entry) { entry.type.floats(of: $0) { values.append($0) } }
        return values
    }

    /// A tensor's elements as Int; nil where there is no such tensor or it doesn't hold integers.
    public func integers(_ name: String) -> [Int]? {
        guard let entry = entries[name] else { return nil }
        func all<Element: FixedWidthInteger>(_ type: Element.Type) -> [Int]? {
            withBytes(of: entry) { bytes in
                stride(from: 0, to: bytes.count, by: entry.type.size).map { Int(truncatingIfNeeded: Element(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: type))) }
            }
        }
        return switch entry.type {
        case .bool, .u8: all(UInt8.self)
        case .i8: all(Int8.self)
        case .u16: all(UInt16.self)
        case .i16: all(Int16.self)
        case .u32: all(UInt32.self)
        case .i32: all(Int32.self)
        case .u64: all(UInt64.self)
        case .i64: all(Int64.self)
        case .f16, .bf16, .f32, .f64: nil
        }
    }
}

/// A shape as people write it: `(144, 6)`.
package func describe(_ shape: [Int]) -> String {
    "(" + shape.map { String($0) }.joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
}
