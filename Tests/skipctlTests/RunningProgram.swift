import Foundation
import Glibc
import Testing

/// A program of this package, run as a user would: the real binary, its output in files, so that no pipe ever fills.
final class RunningProgram {
    /// What came of it.
    struct Outcome {
        let status: Int32
        let output: String
        let error: String
        var lines: [String] { output.split(separator: "\n").map { String($0) } }

        /// The lines as JSON objects; a line that is none is an issue.
        func objects(_ location: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
            try lines.map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)", sourceLocation: location)
            }
        }
    }

    private let process = Process()
    private let folder: URL
    var identifier: Int32 { process.processIdentifier }

    /// The folder that the build puts programs into: this one's own.
    static let buildFolder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    /// The source tree's root.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts a program.
    /// - Parameter input: what it reads from standard input.
    init(_ name: String = "skipctl", _ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "skipctl-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in ["output", "error"] { try Data().write(to: folder.appending(path: file)) }
        try Data(input.utf8).write(to: folder.appending(path: "input"))
        process.executableURL = Self.buildFolder.appending(path: name)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        for name in ["SKIPD_CONFIG", "NO_COLOR", "TERM"] { variables[name] = nil }
        process.environment = variables.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: folder.appending(path: "input"))
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "output"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "error"))
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// What it has printed so far.
    var output: String { (try? String(contentsOf: folder.appending(path: "output"), encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOf: folder.appending(path: "error"), encoding: .utf8)) ?? "" }
    var isRunning: Bool { process.isRunning }

    /// Waits for its end.
    func finish() -> Outcome {
        process.waitUntilExit()
        return Outcome(status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus, output: output, error: error)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }
}

/// Runs skipctl to its end.
func skipctl(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws -> RunningProgram.Outcome {
    try RunningProgram("skipctl", arguments, input: input, environment: environment).finish()
}

/// A folder for a test's files, gone with it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        // Short: a socket's path has 107 bytes.
        url = URL(filePath: "/tmp/sctl-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }
}

/// Waits until something holds, for as long as a slow machine may need; false where it never does.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<3_000 {
        if try condition() { return true }
        usleep(10_000)
    }
    return false
}

/// The bundled files.
enum Bundled {
    static let model = RunningProgram.root.appending(path: "etc/skipd/models/watch.safetensors").path
    static let recordings = RunningProgram.root.appending(path: "etc/skipd/recordings/watch-seven.safetensors").path
    static let golden = RunningProgram.root.appending(path: "Tests/Fixtures/golden")
}
