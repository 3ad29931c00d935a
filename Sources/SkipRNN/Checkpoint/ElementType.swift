/// The types of numbers that safetensors files hold, by the names its header uses.
public enum ElementType: String, Sendable, CaseIterable {
    case bool = "BOOL", u8 = "U8", i8 = "I8", u16 = "U16", i16 = "I16", f16 = "F16", bf16 = "BF16"
    case u32 = "U32", i32 = "I32", f32 = "F32", u64 = "U64", i64 = "I64", f64 = "F64"

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .bool, .u8, .i8: 1
        case .u16, .i16, .f16, .bf16: 2
        case .u32, .i32, .f32: 4
        case .u64, .i64, .f64: 8
        }
    }

    /// Calls `body` with each element as a Float, in order; integers and Float64 are rounded to nearest.
    func floats(of bytes: UnsafeRawBufferPointer, _ body: (Float) -> Void) {
        func each<Element: BitwiseCopyable>(_ type: Element.Type, _ convert: (Element) -> Float) {
            for offset in stride(from: 0, to: bytes.count, by: size) { body(convert(bytes.loadUnaligned(fromByteOffset: offset, as: type))) }
        }
        switch self {
        case .bool, .u8: each(UInt8.self) { Float($0) }
        case .i8: each(Int8.self) { Float($0) }
        case .u16: each(UInt16.self) { Float(UInt16(littleEndian: $0)) }
        case .i16: each(Int16.self) { Float(Int16(littleEndian: $0)) }
        case .f16: each(UInt16.self) { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
        case .bf16: each(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
        case .u32: each(UInt32.self) { Float(UInt32(littleEndian: $0)) }
        case .i32: each(Int32.self) { Float(Int32(littleEndian: $0)) }
        case .f32: each(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .u64: each(UInt64.self) { Float(UInt64(littleEndian: $0)) }
        case .i64: each(Int64.self) { Float(Int64(littleEndian: $0)) }
        case .f64: each(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
        }
    }
}
