/// Sample messages as WIRE has them, packed by hand: the tests don't trust the daemon's own encoder.
struct Sample {
    enum Form: CaseIterable { case one, two, threeBinary, threeJSON }

    enum DType: UInt8, CaseIterable {
        case f32, f64, f16, i8, u8, i16, u16, i32

        var name: String { ["<f4", "<f8", "<f2", "|i1", "|u1", "<i2", "<u2", "<i4"][Int(rawValue)] }

        func bytes(_ value: Float) -> [UInt8] {
            switch self {
            case .f32: little(value.bitPattern)
            case .f64: little(Double(value).bitPattern)
            case .f16: little(Float16(value).bitPattern)
            case .i8: little(UInt8(bitPattern: Int8(value)))
            case .u8: little(UInt8(value))
            case .i16: little(UInt16(bitPattern: Int16(value)))
            case .u16: little(UInt16(value))
            case .i32: little(UInt32(bitPattern: Int32(value)))
            }
        }
    }

    var stream: String
    /// (N, F), row-major.
    var values: [Float]
    var features = 6
    var dtype = DType.f32
    var seq: UInt64?
    var ts: Int64?
    var boot: UInt32 = 0
    var start = false
    var end = false

    var count: Int { values.count / features }
    var payload: [UInt8] { values.flatMap { dtype.bytes($0) } }

    /// The 32 bytes of the binary header.
    var header: [UInt8] {
        let flags: UInt8 = (start ? 1 : 0) | (end ? 2 : 0) | (ts != nil ? 4 : 0) | (seq != nil ? 8 : 0)
        var bytes: [UInt8] = [0x53, 0x4B, 1, flags, dtype.rawValue, 0]
        bytes += little(UInt16(count)) + little(seq ?? 0) + little(UInt64(bitPattern: ts ?? 0)) + little(boot) + little(UInt32(0))
        return bytes
    }

    var jsonHeader: String {
        var fields = ["\"dtype\": \"\(dtype.name)\"", "\"shape\": [\(count), \(features)]"]
        if let seq { fields.append("\"seq\": \(seq)") }
        if let ts { fields.append("\"ts\": \(ts)") }
        if boot != 0 { fields.append("\"boot\": \(boot)") }
        if start { fields.append("\"start\": true") }
        if end { fields.append("\"end\": true") }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// The message's frames. The two-frame form has no place for anything but the values.
    func frames(_ form: Form) -> [[UInt8]] {
        let name = Array(stream.utf8)
        return switch form {
        case .one: [name + [0] + header + payload]
        case .two: [name, payload]
        case .threeBinary: [name, header, payload]
        case .threeJSON: [name, Array(jsonHeader.utf8), payload]
        }
    }
}

func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
