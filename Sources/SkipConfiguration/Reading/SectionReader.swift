/// Why a value is refused: what was expected in its place.
struct Expected: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

/// What reading a file has found so far.
final class ReadingNotes {
    let document: TOMLDocument
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    var settings: [Setting] = []

    init(_ document: TOMLDocument) { self.document = document }

    /// The place of a key, or of the nearest table around it that has one.
    func place(_ name: String) -> ConfigurationPlace {
        var name = Substring(name)
        while !name.isEmpty {
            if let line = document.lines.lineOfKey[String(name)] { return ConfigurationPlace(file: document.file, line: line) }
            name = name[..<(name.lastIndex { $0 == "." || $0 == "[" } ?? name.startIndex)]
        }
        return ConfigurationPlace(file: document.file)
    }

    func refuse(_ name: String, _ sentence: String) { problems.append(ConfigurationProblem(place(name), sentence)) }
    func warn(_ name: String, _ sentence: String) { warnings.append(ConfigurationProblem(place(name), sentence)) }
}

/// Reads one table's keys: each with its default, its check, and a note of where it came from. What isn't asked for is refused in the end.
struct SectionReader {
    let notes: ReadingNotes
    /// The table's full name: `ingest`, `route[1]`.
    let name: String
    /// What the table is called in a sentence: `[ingest]`, `[[route]]`.
    let title: String
    private let values: [String: TOMLContent]
    private var known: [String] = []

    init(_ notes: ReadingNotes, name: String, title: String, values: [String: TOMLContent]) {
        self.notes = notes
        self.name = name
        self.title = title
        self.values = values
    }

    /// A Boolean value indicating whether the file gives the key.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// Reads a key. A value that is refused is a problem and counts as the default.
    /// - Parameter text: the value as TOML has it.
    mutating func read<Value>(
        _ key: String, default standard: Value, text: (Value) -> String, _ convert: (TOMLContent) throws(Expected) -> Value
    ) -> Value {
        known.append(key)
        let fullName = "\(name).\(key)"
        guard let content = values[key] else {
            notes.settings.append(Setting(key: fullName, value: text(standard), place: nil))
            return standard
        }
        do throws(Expected) {
            let value = try convert(content)
            notes.settings.append(Setting(key: fullName, value: text(value), place: notes.place(fullName)))
            return value
        } catch {
            notes.refuse(fullName, "\(key) is \(content.spelled), \(error.sentence) was expected")
            return standard
        }
    }

    /// A sentence about a key that this table needs and doesn't have.
    mutating func require(_ key: String, _ what: String) {
        if values[key] == nil { notes.refuse(name, "\(title) has no \(key); \(what)") }
    }

    /// Refuses the keys nobody asked for.
    func finish() {
        for key in values.keys where !known.contains(key) {
            let hint = nearest(to: key, in: known).map { "did you mean \"\($0)\"?" } ?? "its keys are \(known.joined(separator: ", "))"
            notes.refuse("\(name).\(key)", "unknown key \"\(key)\" in \(title); \(hint)")
        }
    }
}
