// A strict JSON reader over bytes (RFC 8259) that allocates nothing for what it passes over.
//
// Our own, because the library's decoder accepts duplicate keys (a safetensors header with two tensors of one name
// must be refused), rounds integers through Double (a timestep index must be exact), and allocates for every
// message (JSON headers stand on the sample path).

/// Where and why bytes are not the JSON that was expected.
package struct JSONError: Error, Equatable {
    package let offset: Int
    package let problem: StaticString

    package static func == (a: JSONError, b: JSONError) -> Bool { a.offset == b.offset && "\(a.problem)" == "\(b.problem)" }
}

/// A cursor over JSON text. The bytes must outlive it.
package struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    package private(set) var position = 0
    private var depth = 0
    /// Deeper nesting than this is refused, so that hostile input can't exhaust the stack.
    static let maximumDepth = 64

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// A string as it stands in the text: the bytes between its quotes.
    package struct Text {
        let raw: UnsafeRawBufferPointer
        let hasEscapes: Bool

        /// A Boolean value indicating whether the string, written without escapes, is `other`.
        package func equals(_ other: StaticString) -> Bool {
            !hasEscapes && raw.count == other.utf8CodeUnitCount
                && raw.elementsEqual(UnsafeRawBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
        }

        /// The bytes between the quotes, escapes as written.
        package var bytes: UnsafeRawBufferPointer { raw }

        /// The string with its escapes resolved.
        package var string: String {
            hasEscapes ? Self.resolve(raw) : String(decoding: raw, as: UTF8.self)
        }
    }

    /// The next byte that is not white space, without consuming it; nil at the end.
    package mutating func peek() -> UInt8? {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0A || bytes[position] == 0x0D || bytes[position] == 0x09 {
            position += 1
        }
        return position < bytes.count ? bytes[position] : nil
    }

    package func fail(_ problem: StaticString) -> JSONError { JSONError(offset: position, problem: problem) }

    /// Consumes one structural character.
    package mutating func expect(_ character: Unicode.Scalar, _ problem: StaticString) throws(JSONError) {
        guard peek() == UInt8(ascii: character) else { throw fail(problem) }
        position += 1
    }

    /// Reads an object, handing each member's key to `member`, which must consume the value.
    package mutating func object(_ member: (inout JSONReader, Text) throws(JSONError) -> Void) throws(JSONError) {
        try expect("{", "an object was expected")
        try enter()
        if peek() == UInt8(ascii: "}") { position += 1 } else {
            while true {
                let key = try text()
                try expect(":", "a colon was expected")
                try member(&self, key)
                let next = peek()
                position += 1
                if next == UInt8(ascii: "}") { break }
                guard next == UInt8(ascii: ",") else { position -= 1; throw fail("a comma or the object's end was expected") }
            }
        }
        depth -= 1
    }

    /// Reads an array, calling `element` to consume each of its values.
    package mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try expect("[", "an array was expected")
        try enter()
        if peek() == UInt8(ascii: "]") { position += 1 } else {
            while true {
                try element(&self)
                let next = peek()
                position += 1
                if next == UInt8(ascii: "]") { break }
                guard next == UInt8(ascii: ",") else { position -= 1; throw fail("a comma or the array's end was expected") }
            }
        }
        depth -= 1
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= Self.maximumDepth else { throw fail("the nesting is too deep") }
    }

    /// Nothing but white space may follow.
    package mutating func end() throws(JSONError) {
        guard peek() == nil else { throw fail("text follows the value") }
    }

    /// Reads a string. Its bytes are checked to be UTF-8.
    package mutating func text() throws(JSONError) -> Text {
        try expect("\"", "a string was expected")
        let start = position
        var hasEscapes = false
        var isASCII = true
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                let raw = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                guard isASCII || String(validating: raw, as: UTF8.self) != nil else { throw fail("a string is not UTF-8") }
                position += 1
                return Text(raw: raw, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape()
            case 0..<0x20:
                throw fail("a control character stands in a string")
            default:
                isASCII = isASCII && byte < 0x80
                position += 1
            }
        }
        throw fail("a string does not end")
    }

    private mutating func escape() throws(JSONError) {
        guard position + 1 < bytes.count else { throw fail("a string does not end") }
        switch bytes[position + 1] {
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count, bytes[(position + 2)..<(position + 6)].allSatisfy({ Self.hexDigit($0) != nil })
            else { throw fail("an escape is not \\u and four hexadecimal digits") }
            position += 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
             UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        default:
            throw fail("an escape is unknown")
        }
    }

    /// Reads a number's text as JSON has it: sign, digits, fraction, exponent.
    package mutating func number() throws(JSONError) -> UnsafeRawBufferPointer {
        let first = peek()
        let start = position
        if first == UInt8(ascii: "-") { position += 1 }
        let integerStart = position
        guard digits() > 0 else { throw fail("a number was expected") }
        if bytes[integerStart] == UInt8(ascii: "0"), position > integerStart + 1 { throw fail("a number begins with a needless zero") }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw fail("a fraction has no digits") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw fail("an exponent has no digits") }
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
        return position - start
    }

    /// Reads an integer exactly; a fraction, an exponent or a value out of `Integer`'s range is refused.
    package mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws(JSONError) -> Integer {
        let text = try number()
        var value: Integer = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        for byte in text[(isNegative ? 1 : 0)...] {
            guard byte &- 0x30 < 10 else { throw fail("an integer was expected") }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Integer(truncatingIfNeeded: byte &- 0x30)
            let (sum, carry) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw fail("an integer is out of range") }
            value = sum
        }
        return value
    }

    /// Reads a number as the nearest `Double`; a value too large for it becomes infinite.
    package mutating func double() throws(JSONError) -> Double {
        let text = try number()
        // Always succeeds: the text follows JSON's grammar, a part of what Double reads.
        return Double(String(decoding: text, as: UTF8.self)) ?? .nan
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        switch peek() {
        case UInt8(ascii: "t"): try word("true"); return true
        case UInt8(ascii: "f"): try word("false"); return false
        default: throw fail("true or false was expected")
        }
    }

    package mutating func null() throws(JSONError) { _ = peek(); try word("null") }

    private mutating func word(_ word: StaticString) throws(JSONError) {
        let expected = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard position + expected.count <= bytes.count, bytes[position..<(position + expected.count)].elementsEqual(expected)
        else { throw fail("a value was expected") }
        position += expected.count
    }

    /// Consumes any one value.
    package mutating func skipValue() throws(JSONError) {
        switch peek() {
        case UInt8(ascii: "{"): try object { (reader, _) throws(JSONError) in try reader.skipValue() }
        case UInt8(ascii: "["): try array { (reader) throws(JSONError) in try reader.skipValue() }
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): try null()
        default: _ = try number()
        }
    }

    static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - 0x30)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - 0x61 + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - 0x41 + 10)
        default: nil
        }
    }
}

extension JSONReader.Text {
    /// Resolves escapes that `text()` has checked; a lone surrogate becomes U+FFFD.
    static func resolve(_ raw: UnsafeRawBufferPointer) -> String {
        var units: [UInt16] = []
        var result = ""
        func flush() {
            result += String(decoding: units, as: UTF16.self)
            units.removeAll()
        }
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                flush()
                var next = index
                while next < raw.count, raw[next] != UInt8(ascii: "\\") { next += 1 }
                result += String(decoding: UnsafeRawBufferPointer(rebasing: raw[index..<next]), as: UTF8.self)
                index = next
                continue
            }
            let kind = raw[index + 1]
            if kind == UInt8(ascii: "u") {
                units.append(raw[(index + 2)..<(index + 6)].reduce(0) { $0 << 4 | (JSONReader.hexDigit($1) ?? 0) })
                index += 6
                continue
            }
            switch kind {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            default: units.append(UInt16(kind))
            }
            index += 2
        }
        flush()
        return result
    }
}
