import SkipStream
import TestSupport

/// A sample message as its device means it.
struct TestMessage {
    enum Form: CaseIterable { case oneFrame, binaryHeader, jsonHeader, headerless, jsonObject, jsonArray }

    var stream: String
    var form: Form
    var type: SampleType = .float32
    /// (N, F); each number can be written exactly in `type`.
    var timesteps: [[Double]]
    var seq: UInt64?
    var ts: Int64?
    var boot: UInt32 = 0
    var start = false
    var end = false

    /// What a reader of the timesteps gets: the numbers, rounded once.
    var decoded: [[Float]] { timesteps.map { $0.map { Float($0) } } }

    /// The fields that the form can't carry are left out.
    var normalized: TestMessage {
        var message = self
        if form == .headerless || form == .jsonArray { (message.seq, message.ts, message.boot, message.start, message.end) = (nil, nil, 0, false, false) }
        if form == .headerless { message.type = .float32 }
        return message
    }

    /// The message's frames.
    var frames: [[UInt8]] {
        switch form {
        case .oneFrame: [Array(stream.utf8) + [0] + header + payload]
        case .binaryHeader: [Array(stream.utf8), header, payload]
        case .jsonHeader:
            [Array(stream.utf8),
             Array("{\"dtype\": \"\(type.numpyName)\", \"shape\": [\(timesteps.count), \(timesteps.first?.count ?? 0)]\(fields)}".utf8), payload]
        case .headerless: [Array(stream.utf8), payload]
        case .jsonObject: [Array(stream.utf8), padded("{\"x\": \(array)\(fields)}")]
        case .jsonArray: [Array(stream.utf8), padded(array)]
        }
    }

    /// JSON of a length that is not that of whole float32 numbers, so that a route that takes these can't mistake it.
    private func padded(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return bytes.count % 4 == 0 ? bytes + [0x20] : bytes
    }

    private var header: [UInt8] {
        var flags: SampleHeader.Flags = []
        if start { flags.insert(.start) }
        if end { flags.insert(.end) }
        return SampleHeader(count: timesteps.count, type: type, firstTimestep: seq, timestamp: ts, boot: boot, flags: flags).binary
    }

    /// The optional members of a JSON header or payload.
    private var fields: String {
        var text = ""
        if let seq { text += ", \"seq\": \(seq)" }
        if let ts { text += ", \"ts\":\(ts)" }
        if boot != 0 { text += ",\"boot\":\(boot)" }
        if start { text += ", \"start\": true" }
        if end { text += ", \"end\": true" }
        return text
    }

    private var array: String {
        "[" + timesteps.map { "[" + $0.map { $0.isInfinite ? ($0 < 0 ? "-1e400" : "1e400") : "\($0)" }.joined(separator: ", ") + "]" }.joined(separator: ",") + "]"
    }

    private var payload: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        for number in timesteps.joined() {
            switch type {
            case .float32: append(Float(number).bitPattern)
            case .float64: append(number.bitPattern)
            case .float16: append(Float16(number).bitPattern)
            case .int8: append(Int8(number))
            case .uint8: append(UInt8(number))
            case .int16: append(Int16(number))
            case .uint16: append(UInt16(number))
            case .int32: append(Int32(number))
            }
        }
        return bytes
    }

    /// A number that `type` can hold, sometimes at its edges; sometimes not finite where the type allows it.
    static func number(_ type: SampleType, _ generator: inout SplitMix, finite: Bool = true) -> Double {
        if !finite, [.float32, .float64, .float16].contains(type) { return generator.pick([.nan, .infinity, -.infinity]) }
        return switch type {
        case .float32: Double(generator.float(-2...2))
        case .float64: Double(generator.float(-2...2)) * (1 + 0x1p-40)
        case .float16: Double(Float16(generator.float(-2...2)))
        case .int8: Double(generator.pick([Int8.min, .max, 0, 1, -3]))
        case .uint8: Double(generator.number(0...255))
        case .int16: Double(generator.number(-5...5))
        case .uint16: Double(generator.pick([UInt16.max, 0, 1, 2]))
        case .int32: Double(generator.pick([Int32.max, .min, 0, 1, 16_777_217]))
        }
    }
}
