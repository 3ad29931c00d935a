/// A line with places for a message's fields: `{time} {stream} {label} {p}`.
///
/// `\t` and `\n` stand for a tab and a line feed, `{{` and `}}` for braces. A field that a message doesn't have is left empty.
struct LineTemplate {
    private enum Part { case text(String), field(String) }
    private let parts: [Part]

    /// The fields there are: those of results, hints and events (`docs/wire.md`), the message's kind, its topic, and the whole of it.
    static let fields = [
        "stream", "model", "n", "seq", "time", "label", "index", "p", "probs", "value", "updates", "timesteps", "rate", "final",
        "boot", "next_seq", "event", "from", "to", "reason", "kind", "topic", "json",
    ]

    struct Problem: Error, CustomStringConvertible { let description: String }

    init(_ text: String) throws(Problem) {
        var parts: [Part] = []
        var plain = ""
        var rest = Substring(text)
        func unclosed() -> Problem { Problem(description: "--format has an unclosed or stray brace; a brace by itself is written twice: {{ or }}") }
        while let character = rest.popFirst() {
            switch character {
            case "\\" where rest.first == "t" || rest.first == "n": plain.append(rest.removeFirst() == "t" ? "\t" : "\n")
            case "{" where rest.first == "{", "}" where rest.first == "}": plain.append(rest.removeFirst())
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw unclosed() }
                let name = String(rest[..<end])
                guard Self.fields.contains(name) else { throw Problem(description: "--format has the unknown field {\(name)}; there are \(Self.fields.map { "{\($0)}" }.joined(separator: " "))") }
                if !plain.isEmpty { parts.append(.text(plain)) }
                plain = ""
                parts.append(.field(name))
                rest = rest[rest.index(after: end)...]
            case "}": throw unclosed()
            default: plain.append(character)
            }
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.parts = parts
    }

    func line(_ field: (String) -> String?) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .field(let name): field(name) ?? ""
            }
        }.joined()
    }
}
