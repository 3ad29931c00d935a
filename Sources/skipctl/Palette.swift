import Glibc
import SkipConfiguration

/// Colours for a terminal; plain text everywhere else, and where `NO_COLOR` is set (<https://no-color.org>).
struct Palette {
    let isColoured: Bool

    /// As standard output is.
    static var standardOutput: Palette { Palette(isColoured: isTerminal(STDOUT_FILENO) && allowsColour) }

    private static var allowsColour: Bool {
        if let value = environment("NO_COLOR"), !value.isEmpty { return false }
        return environment("TERM") != "dumb"
    }

    func bold(_ text: String) -> String { paint(text, "1") }
    func faint(_ text: String) -> String { paint(text, "2") }
    func red(_ text: String) -> String { paint(text, "31") }
    func green(_ text: String) -> String { paint(text, "32") }

    /// A class's name in a colour of its own, the same in every run.
    func label(_ name: String, text: String? = nil) -> String {
        // The six colours that show on light and on dark grounds.
        let colour = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 6 + 31
        return paint((text ?? name).printable, String(colour))
    }

    private func paint(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}

func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

/// A variable of the process's environment; nil where it isn't set.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
