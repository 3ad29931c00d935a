import SkipStream

/// Which streams a person means: none named, all of them; a name, that stream and what lies below it; a glob, what it matches.
///
/// | argument | streams |
/// |---|---|
/// | `watch/7` | `watch/7`, `watch/7/left`; not `watch/70` |
/// | `watch/` | all below `watch/` |
/// | `watch/7*` | `watch/7`, `watch/70`; not `watch/7/left` (`*` stays within a segment) |
/// | `watch/7**` | everything that begins so |
struct StreamSelection {
    private let arguments: [Argument]

    private enum Argument {
        case path(String)
        case glob(StreamPattern)
    }

    init(_ texts: [String]) {
        arguments = texts.map { $0.contains("*") ? .glob(StreamPattern($0)) : .path($0) }
    }

    /// What every selected name begins with, one for each argument: what is subscribed to or asked for, and then sifted.
    var prefixes: [String] {
        arguments.isEmpty ? [""] : arguments.map { argument in
            switch argument {
            case .path(let path): path
            case .glob(let pattern): String(pattern.text.prefix { $0 != "*" })
            }
        }
    }

    func contains(_ name: String) -> Bool {
        arguments.isEmpty || arguments.contains { argument in
            switch argument {
            case .path(let path): name == path || name.hasPrefix(path.hasSuffix("/") ? path : path + "/")
            case .glob(let pattern): pattern.matches(name.utf8)
            }
        }
    }
}
