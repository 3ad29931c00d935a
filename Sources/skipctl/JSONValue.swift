import SkipConfiguration
import SkipRNN

/// A JSON text as skipd sends it: numbers keep their digits, members their order.
indirect enum JSONValue: Equatable {
    case null
    case bool(Bool)
    /// As it stands in the text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Equatable {
        let key: String
        let value: JSONValue
    }

    /// Reads one value; nil where the bytes are anything else.
    init?(_ bytes: [UInt8]) {
        let value = bytes.withUnsafeBytes { bytes -> JSONValue? in
            var reader = JSONReader(bytes)
            do {
                let value = try Self.read(&reader)
                try reader.end()
                return value
            } catch {
                return nil
            }
        }
        guard let value else { return nil }
        self = value
    }

    private static func read(_ reader: inout JSONReader) throws(JSONError) -> JSONValue {
        switch reader.peek() {
        case UInt8(ascii: "{"):
            var members: [Member] = []
            try reader.object { (reader, key) throws(JSONError) in members.append(Member(key: key.string, value: try read(&reader))) }
            return .object(members)
        case UInt8(ascii: "["):
            var values: [JSONValue] = []
            try reader.array { (reader) throws(JSONError) in values.append(try read(&reader)) }
            return .array(values)
        case UInt8(ascii: "\""): return .string(try reader.text().string)
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try reader.bool())
        case UInt8(ascii: "n"):
            try reader.null()
            return .null
        default: return .number(String(decoding: try reader.number(), as: UTF8.self))
        }
    }

    /// An object's member of that name; nil where there is none.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// As people read it: strings without quotes, everything else as JSON.
    var plain: String { string?.printable ?? text.printable }

    /// As JSON, without blanks.
    var text: String {
        var bytes: [UInt8] = []
        write(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: "\(value)".utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): bytes.appendJSON(text)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(&bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.appendJSON(member.key)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(&bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
