import Synchronization
import TOMLKit

/// A value as TOML has it. What TOMLKit hands out points into its parse tree; these are values.
indirect enum TOMLContent: Sendable, Equatable {
    case string(String), integer(Int), number(Double), boolean(Bool)
    case array([TOMLContent]), table([String: TOMLContent])
    /// A date or a time, which no key of ours takes.
    case date

    /// What it is, as it stands in a sentence: `the number 0.5`, `"abc"`.
    var spelled: String {
        switch self {
        case .string(let value): "\"\(value.prefix(80))\""
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .array: "an array"
        case .table: "a table"
        case .date: "a date"
        }
    }
}

/// A parsed TOML file: its values, and the line of each key.
struct TOMLDocument {
    let file: String
    let root: [String: TOMLContent]
    let lines: TOMLLines

    /// The text last parsed. TOMLKit frees nothing of what it has parsed, some 20 KB for a file like ours: a daemon that is reloaded again and again
    /// for the sake of its keys or models reads the same text, and would grow.
    private static let last = Mutex<(bytes: [UInt8], root: [String: TOMLContent])?>(nil)

    /// Parses a file's bytes.
    /// - Throws: where the syntax is wrong, with line and column.
    init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        func fail(_ line: Int?, _ column: Int?, _ sentence: String) -> ConfigurationError {
            ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: file, line: line, column: column), sentence)])
        }
        let lineBreak = UInt8(ascii: "\n")
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fail(nil, nil, "is not UTF-8 text") }
        // TOMLKit passes the text on as a C string, which would end there.
        if let zero = bytes.firstIndex(of: 0) { throw fail(bytes[..<zero].count { $0 == lineBreak } + 1, nil, "a zero byte is not allowed") }
        if let fault = TOMLFault.first(in: bytes) { throw fail(fault.line, fault.column, fault.sentence) }
        do {
            if let root = Self.last.withLock({ last in last?.bytes == bytes ? last?.root : nil }) {
                self.root = root
            } else {
                let root = Self.contents(try TOMLTable(string: text))
                self.root = root
                Self.last.withLock { $0 = (bytes, root) }
            }
        } catch let error as TOMLParseError {
            throw fail(error.source.begin.line, error.source.begin.column, Self.sentence(error.description))
        } catch {
            throw fail(nil, nil, "can't be parsed: \(error)")
        }
        self.file = file
        lines = TOMLLines(bytes)
    }

    /// toml++ begins its sentences with "Error while parsing …:" and a capital; ours follow a place.
    private static func sentence(_ description: String) -> String {
        let line = description.split(separator: "\n").joined(separator: " ")
        return line.prefix(1).lowercased() + line.dropFirst()
    }

    private static func contents(_ table: TOMLTable) -> [String: TOMLContent] {
        var contents: [String: TOMLContent] = [:]
        for key in table.keys {
            if let value = table[key] { contents[key] = content(value) }
        }
        return contents
    }

    private static func content(_ value: any TOMLValueConvertible) -> TOMLContent {
        switch value.type {
        case .string: .string(value.string ?? "")
        case .int: .integer(value.int ?? 0)
        case .double: .number(value.double ?? 0)
        case .bool: .boolean(value.bool ?? false)
        case .table: .table(value.table.map(contents) ?? [:])
        case .array: .array(value.array.map { array in (0..<array.count).map { content(array[$0]) } } ?? [])
        case .date, .time, .dateTime: .date
        }
    }
}
