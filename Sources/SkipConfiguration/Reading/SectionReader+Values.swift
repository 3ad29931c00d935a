/// The kinds of values that keys have, each with its check and its words.
extension SectionReader {
    mutating func boolean(_ key: String, default standard: Bool) -> Bool {
        read(key, default: standard, text: \.description) { (content) throws(Expected) in
            guard case .boolean(let value) = content else { throw Expected("true or false") }
            return value
        }
    }

    mutating func integer(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        read(key, default: standard, text: \.description) { (content) throws(Expected) in try Self.integer(content, in: range) }
    }

    /// An integer that has no value unless it is given.
    mutating func optionalInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        read(key, default: nil, text: { $0?.description ?? "" }) { (content) throws(Expected) in try Self.integer(content, in: range) }
    }

    static func integer(_ content: TOMLContent, in range: ClosedRange<Int>) throws(Expected) -> Int {
        guard case .integer(let value) = content, range.contains(value) else {
            throw Expected("a whole number from \(range.lowerBound) \(range.upperBound > 1 << 53 ? "up" : "to \(range.upperBound)")")
        }
        return value
    }

    mutating func number(_ key: String, default standard: Float, in range: ClosedRange<Float>) -> Float {
        read(key, default: standard, text: \.description) { (content) throws(Expected) in
            let value: Float? = switch content {
            case .integer(let value): Float(value)
            case .number(let value): Float(value)
            default: nil
            }
            let limits = range.upperBound == .greatestFiniteMagnitude ? "from \(range.lowerBound) up" : "from \(range.lowerBound) to \(range.upperBound)"
            guard let value, range.contains(value) else { throw Expected("a number \(limits)") }
            return value
        }
    }

    mutating func string(_ key: String, default standard: String, expected: String, where isValid: (String) -> Bool) -> String {
        read(key, default: standard, text: quoted) { (content) throws(Expected) in
            guard case .string(let value) = content, isValid(value) else { throw Expected(expected) }
            return value
        }
    }

    /// A file's or a folder's path, none unless it is given: relative to the configuration's folder, but for `$CREDENTIALS_DIRECTORY/NAME`.
    mutating func path(_ key: String, file: String) -> String? {
        let path = read(key, default: String?.none, text: { $0.map(quoted) ?? "" }) { (content) throws(Expected) in
            guard case .string(let text) = content, !text.isEmpty else { throw Expected("a path") }
            return text
        }
        guard let path, !path.hasPrefix("/"), !path.hasPrefix("$") else { return path }
        return (file.lastIndex(of: "/").map { file[...$0] } ?? "") + path
    }

    /// An array of texts that each stand for something; none unless it is given.
    mutating func optionalTexts<Value: CustomStringConvertible>(_ key: String, _ expected: String, _ convert: (String) -> Value?) -> [Value]? {
        let (notes, fullName) = (notes, "\(name).\(key)")
        return read(key, default: nil, text: { values in values.map { "[\($0.map { quoted($0.description) }.joined(separator: ", "))]" } ?? "" }) { (content) throws(Expected) in
            guard case .array(let elements) = content else { throw Expected("an array of \(expected)") }
            return elements.enumerated().compactMap { index, element in
                if case .string(let text) = element, let value = convert(text) { return value }
                notes.refuse("\(fullName)[\(index)]", "\(key) has \(element.spelled), \(expected) were expected")
                return nil
            }
        }
    }

    /// One of a few words.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String, default standard: Word) -> Word {
        read(key, default: standard, text: { quoted($0.rawValue) }) { (content) throws(Expected) in
            guard case .string(let text) = content, let value = Word(rawValue: text) else {
                throw Expected(Word.allCases.map { quoted($0.rawValue) }.joined(separator: " or "))
            }
            return value
        }
    }

    mutating func duration(_ key: String, default standard: Duration, zero: String?) -> Duration {
        read(key, default: standard, text: { quoted($0.configurationText) }) { (content) throws(Expected) in
            guard case .string(let text) = content, let value = Duration(configurationText: text), value > .zero || zero != nil else {
                throw Expected("a duration such as \"500ms\", \"10s\", \"5m\" or \"24h\"\(zero.map { ", or \"0\" for \($0)," } ?? " above zero")")
            }
            return value
        }
    }

    mutating func size(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        read(key, default: standard, text: { quoted(ByteCount.text($0)) }) { (content) throws(Expected) in
            guard case .string(let text) = content, let value = ByteCount.bytes(text), range.contains(value) else {
                throw Expected("a size such as \"64KiB\" or \"1MiB\", from \(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound)),")
            }
            return value
        }
    }

    mutating func endpoint(_ key: String, default standard: Endpoint) -> Endpoint {
        read(key, default: standard, text: { quoted($0.text) }) { (content) throws(Expected) in try Self.endpoint(content, forBinding: true) }
    }

    mutating func endpoints(_ key: String, default standard: [Endpoint], forBinding: Bool) -> [Endpoint] {
        let (notes, fullName) = (notes, "\(name).\(key)")
        return read(key, default: standard, text: { "[\($0.map { quoted($0.text) }.joined(separator: ", "))]" }) { (content) throws(Expected) in
            guard case .array(let elements) = content else { throw Expected("an array of endpoints, such as [\"tcp://127.0.0.1:5570\"],") }
            var endpoints: [Endpoint] = []
            for (index, element) in elements.enumerated() {
                // Each bad one is a problem of its own, on its own line.
                do throws(Expected) {
                    let endpoint = try Self.endpoint(element, forBinding: forBinding)
                    if endpoints.contains(endpoint) { notes.refuse("\(fullName)[\(index)]", "\(key) names \(endpoint) twice") }
                    endpoints.append(endpoint)
                } catch {
                    notes.refuse("\(fullName)[\(index)]", "\(key) has \(element.spelled), \(error.sentence) was expected")
                }
            }
            return elements.count == endpoints.count ? endpoints : standard
        }
    }

    private static func endpoint(_ content: TOMLContent, forBinding: Bool) throws(Expected) -> Endpoint {
        guard case .string(let text) = content, let endpoint = Endpoint(text) else {
            throw Expected("an endpoint such as \"tcp://127.0.0.1:5570\" or \"ipc:///run/skipd/name.sock\" (a path of at most 107 bytes)")
        }
        if !forBinding, case .tcp(let host, let port) = endpoint, port == 0 || host == "*" {
            throw Expected("an endpoint to connect to, with a host and a port,")
        }
        return endpoint
    }
}

/// A text as a TOML basic string.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
