import Glibc
import SkipRNN

/// The lines of a file or of standard input, each as soon as it is there.
final class LineReader {
    /// The name that errors give the file.
    let name: String
    private let descriptor: CInt
    private let closes: Bool
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// - Parameter path: `-` is standard input.
    init(_ path: String) throws(FileFormatError) {
        closes = path != "-"
        name = closes ? path : "standard input"
        descriptor = closes ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO
        guard descriptor >= 0 else { throw FileFormatError(path, "can't be opened: \(String(cString: strerror(errno)))") }
    }

    deinit { if closes { close(descriptor) } }

    /// The next line without its end; nil past the last.
    func next() throws(FileFormatError) -> String? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return try text(start..<end)
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return try text(start..<buffer.count)
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            guard searched <= 1 << 20 else { throw FileFormatError(name, "has a line of more than 1 MiB") }
            try read()
        }
    }

    private func read() throws(FileFormatError) {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var count: Int
        repeat { count = Glibc.read(descriptor, &piece, piece.count) } while count < 0 && errno == EINTR
        guard count >= 0 else { throw FileFormatError(name, "can't be read: \(String(cString: strerror(errno)))") }
        isAtEnd = count == 0
        buffer.append(contentsOf: piece[..<count])
    }

    private func text(_ range: Range<Int>) throws(FileFormatError) -> String {
        var range = range
        if let last = range.last, buffer[last] == UInt8(ascii: "\r") { range = range.lowerBound..<last }
        guard let text = String(validating: buffer[range], as: UTF8.self) else { throw FileFormatError(name, "is not UTF-8 text") }
        return text
    }
}
