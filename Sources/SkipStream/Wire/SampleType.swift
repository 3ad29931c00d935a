/// The number type of a payload, by its code in the binary header.
public enum SampleType: UInt8, Sendable, CaseIterable {
    case float32 = 0, float64, float16, int8, uint8, int16, uint16, int32

    /// The type of a code, without the call that `init(rawValue:)` is; nil where there is none.
    @inline(__always)
    init?(code: UInt8) {
        guard code <= Self.int32.rawValue else { return nil }
        // Codes are 0 and up in the cases' order, as the cases are laid out.
        self = unsafeBitCast(code, to: Self.self)
    }

    /// Bytes of one number.
    @inline(__always)
    public var size: Int {
        switch self {
        case .int8, .uint8: 1
        case .float16, .int16, .uint16: 2
        case .float32, .int32: 4
        case .float64: 8
        }
    }

    /// NumPy's name, as `str(array.dtype)` gives it.
    public var numpyName: String {
        switch self {
        case .float32: "float32"
        case .float64: "float64"
        case .float16: "float16"
        case .int8: "int8"
        case .uint8: "uint8"
        case .int16: "int16"
        case .uint16: "uint16"
        case .int32: "int32"
        }
    }

    /// NumPy's code without its byte order, as in `<f4`.
    private var numpyCode: String {
        switch self {
        case .float32: "f4"
        case .float64: "f8"
        case .float16: "f2"
        case .int8: "i1"
        case .uint8: "u1"
        case .int16: "i2"
        case .uint16: "u2"
        case .int32: "i4"
        }
    }

    /// Reads a NumPy name or code: `float32`, `f4`, `<f4`, `|u1`. Big-endian codes are unknown.
    public init?(numpy text: String) {
        let code = text.first.map { "<|=".contains($0) } == true ? String(text.dropFirst()) : text
        guard let type = Self.allCases.first(where: { $0.numpyName == text || $0.numpyCode == code }) else { return nil }
        self = type
    }

    /// Reads one timestep's F numbers as Float; the bytes need no alignment.
    package func decode(_ bytes: UnsafeRawPointer, count: Int, into timestep: UnsafeMutablePointer<Float>) {
        @inline(__always)
        func each<Number: BitwiseCopyable>(_ type: Number.Type, _ convert: (Number) -> Float) {
            for i in 0..<count { timestep[i] = convert(bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Number>.stride, as: type)) }
        }
        switch self {
        case .float32: each(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .float64: each(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
        case .float16: each(UInt16.self) { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
        case .int8: each(Int8.self) { Float($0) }
        case .uint8: each(UInt8.self) { Float($0) }
        case .int16: each(Int16.self) { Float(Int16(littleEndian: $0)) }
        case .uint16: each(UInt16.self) { Float(UInt16(littleEndian: $0)) }
        case .int32: each(Int32.self) { Float(Int32(littleEndian: $0)) }
        }
    }
}
