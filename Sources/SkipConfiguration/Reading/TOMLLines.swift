/// On which line each key of a TOML file stands: TOMLKit has lines for syntax errors only.
///
/// A scanner for files that have been parsed already, so it only has to see where keys begin and values end. Keys are full names,
/// elements of arrays of tables counted from 0: `ingest.bind`, `route[1].emit`, and `route[1]` for the table itself.
package struct TOMLLines {
    package private(set) var lineOfKey: [String: Int] = [:]

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// Tables in each array of tables so far.
    private var counts: [String: Int] = [:]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var table = ""
        while position < bytes.count {
            skipBlank()
            guard let byte = current else { break }
            if byte == UInt8(ascii: "[") {
                table = header()
            } else {
                keyAndValue(in: table)
            }
        }
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() {
        if current == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func skip(_ byte: UInt8) { if current == byte { advance() } }

    /// Skips white space, line breaks, comments, and the commas between elements.
    private mutating func skipBlank() {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                while let byte = current, byte != UInt8(ascii: "\n") { advance() }
            } else if byte <= 0x20 || byte == UInt8(ascii: ",") {
                advance()
            } else {
                return
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`: returns the table's full name.
    private mutating func header() -> String {
        let start = line
        advance()
        let isElement = current == UInt8(ascii: "[")
        if isElement { advance() }
        let parts = keyParts()
        skip(UInt8(ascii: "]"))
        skip(UInt8(ascii: "]"))
        var name = ""
        for (index, part) in parts.enumerated() {
            name = join(name, part)
            if isElement, index == parts.count - 1 {
                counts[name, default: 0] += 1
                lineOfKey[name] = lineOfKey[name] ?? start
            }
            // A part that is an array of tables means its last element.
            if let count = counts[name] { name += "[\(count - 1)]" }
        }
        lineOfKey[name] = lineOfKey[name] ?? start
        return name
    }

    private mutating func keyAndValue(in table: String) {
        let start = line
        let before = position
        let parts = keyParts()
        var name = table
        for part in parts {
            name = join(name, part)
            lineOfKey[name] = lineOfKey[name] ?? start
        }
        skipBlank()
        skip(UInt8(ascii: "="))
        value(of: name)
        if position == before { advance() }
    }

    /// The parts of a possibly dotted and quoted key.
    private mutating func keyParts() -> [String] {
        var parts: [String] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "."): advance()
            case UInt8(ascii: "\""), UInt8(ascii: "'"): parts.append(string())
            case _ where Self.isBare(byte):
                let start = position
                while let byte = current, Self.isBare(byte), byte != UInt8(ascii: ".") { advance() }
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
            default: return parts
            }
        }
        return parts
    }

    /// A Boolean value indicating whether a byte belongs to a bare key or to a value without quotes and brackets.
    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "]"), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "#"): false
        default: byte > 0x20
        }
    }

    /// Skips a value, taking note of the keys in it.
    private mutating func value(of name: String) {
        skipBlank()
        switch current {
        case UInt8(ascii: "{"):
            advance()
            while skipToElement(UInt8(ascii: "}")) { keyAndValue(in: name) }
        case UInt8(ascii: "["):
            advance()
            var index = 0
            while skipToElement(UInt8(ascii: "]")) {
                let element = "\(name)[\(index)]"
                lineOfKey[element] = line
                let before = position
                value(of: element)
                if position == before { advance() }
                index += 1
            }
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = string()
        default: while let byte = current, Self.isBare(byte) { advance() }
        }
    }

    /// A Boolean value indicating whether another element follows; skips the closing bracket where none does.
    private mutating func skipToElement(_ end: UInt8) -> Bool {
        skipBlank()
        guard let byte = current else { return false }
        if byte == end { advance() }
        return byte != end
    }

    /// Skips a string of any of the four forms; returns its bytes as written, escapes untouched.
    private mutating func string() -> String {
        let quote = bytes[position]
        let isLong = position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
        let length = isLong ? 3 : 1
        position += length
        let start = position
        while let byte = current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                advance()
                advance()
            } else if byte == quote, bytes[position...].prefix(length).allSatisfy({ $0 == quote }), position + length <= bytes.count {
                break
            } else {
                advance()
            }
        }
        let text = String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self)
        position += length
        // A long string may end in up to two quotes of its own.
        while isLong, current == quote { advance() }
        return text
    }

    private func join(_ name: String, _ part: String) -> String { name.isEmpty ? part : "\(name).\(part)" }
}
