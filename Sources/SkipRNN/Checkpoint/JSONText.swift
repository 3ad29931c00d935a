// Strings and lists of strings as JSON text, for file headers and results.

extension [UInt8] {
    /// Appends a string as a JSON string: quotes, backslashes and control characters escaped, other text as it is.
    package mutating func appendJSON(_ string: some StringProtocol) {
        append(UInt8(ascii: "\""))
        for byte in string.utf8 { appendJSONByte(byte) }
        append(UInt8(ascii: "\""))
    }

    /// Appends UTF-8 bytes as a JSON string.
    package mutating func appendJSON(utf8 bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        if bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            append(contentsOf: bytes)
        } else {
            for byte in bytes { appendJSONByte(byte) }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendJSONByte(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case 0..<0x20:
            append(contentsOf: "\\u00".utf8)
            append(contentsOf: [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 })
        default:
            append(byte)
        }
    }
}

/// A list of strings as a JSON array.
package func jsonArray(_ strings: [String]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    for (index, string) in strings.enumerated() {
        if index > 0 { bytes.append(contentsOf: ", ".utf8) }
        bytes.appendJSON(string)
    }
    bytes.append(UInt8(ascii: "]"))
    return String(decoding: bytes, as: UTF8.self)
}

/// The strings of a JSON array of strings; nil where the text is anything else.
package func stringsOfJSONArray(_ text: String) -> [String]? {
    var text = text
    return text.withUTF8 { utf8 in
        var reader = JSONReader(UnsafeRawBufferPointer(utf8))
        var strings: [String] = []
        do {
            try reader.array { (reader) throws(JSONError) in strings.append(try reader.text().string) }
            try reader.end()
            return strings
        } catch {
            return nil
        }
    }
}
