import Foundation

/// One run of a program, to its end.
enum Command {
    struct Outcome: Sendable {
        let status: Int32
        /// Both outputs, without the white space around them.
        let output: String
    }

    /// Runs `arguments[0]`, looked up in `PATH`, with `text` on its standard input.
    static func run(_ arguments: [String], text: String = "") throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) // Short: it fits into the pipe.
        try input.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let printed = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Outcome(status: process.terminationStatus, output: printed)
    }
}
