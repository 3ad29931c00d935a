import ArgumentParser
import Glibc

/// Standard output: lines are collected and leave in large writes, or at once where somebody waits for them.
struct StandardOutput: ~Copyable {
    private var buffer: [UInt8] = []
    /// Writes of about this size are as fast as larger ones. In bytes.
    private static let piece = 64 << 10

    mutating func line(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.piece { try flush() }
    }

    /// Appends a text without a line's end.
    mutating func text(_ text: String) { buffer.append(contentsOf: text.utf8) }

    mutating func line(_ object: JSONObject) throws { try line(object.text) }

    /// Writes what was collected. A reader that is gone (`| head`) ends the process without a word, by SIGPIPE or as if by it.
    mutating func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EPIPE { throw ExitCode(128 + SIGPIPE) }
            guard count >= 0 else { throw CommandFailure("standard output can't be written: \(String(cString: strerror(errno)))") }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Writes a message for the person at the terminal; what can't be written is lost.
func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Writes a sentence to standard error; on a terminal it takes the place of what `Progress` shows.
func tell(_ sentence: String) { writeToStandardError("\(isTerminal(STDERR_FILENO) ? "\r\u{1B}[K" : "")skipctl: \(sentence)\n") }
