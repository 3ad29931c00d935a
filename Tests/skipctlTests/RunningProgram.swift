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

    let identifier: pid_t
    private let folder: URL
    /// As waitpid gives it; nil while the program runs.
    private var ending: Int32?

    /// The folder that the build puts programs into: this one's own.
    static let buildFolder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    /// The source tree's root.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts a program.
    ///
    /// By hand: the threads that tests run on block signals, and Foundation's `Process` would hand that on.
    /// - Parameter input: what it reads from standard input.
    init(_ name: String = "skipctl", _ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "skipctl-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: folder.appending(path: "input"))
        var variables = ProcessInfo.processInfo.environment
        for name in ["SKIPD_CONFIG", "NO_COLOR", "TERM"] { variables[name] = nil }
        variables.merge(environment) { $1 }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, folder.appending(path: "input").path, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.appending(path: "output").path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.appending(path: "error").path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let program = Self.buildFolder.appending(path: name).path
        let cArguments = ([program] + arguments).map { strdup($0) } + [nil]
        let cVariables = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (cArguments + cVariables).forEach { free($0) } }
        var identifier: pid_t = 0
        let status = posix_spawn(&identifier, program, &actions, &attributes, cArguments, cVariables)
        try #require(status == 0, "\(program): \(String(cString: strerror(status)))")
        self.identifier = identifier
        self.folder = folder
    }

    deinit {
        if ending == nil {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// What it has printed so far.
    var output: String { (try? String(contentsOf: folder.appending(path: "output"), encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOf: folder.appending(path: "error"), encoding: .utf8)) ?? "" }
    var isRunning: Bool {
        if ending == nil {
            var status: Int32 = 0
            if waitpid(identifier, &status, WNOHANG) == identifier { ending = status }
        }
        return ending == nil
    }

    /// Waits for its end. A program that a signal ended has the status 128 + its number.
    func finish() -> Outcome {
        while ending == nil {
            var status: Int32 = 0
            if waitpid(identifier, &status, 0) == identifier { ending = status }
        }
        let status = ending ?? 0
        return Outcome(status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, output: output, error: error)
    }

    func signal(_ number: Int32) { kill(identifier, number) }

    /// A Boolean value indicating whether the program has a handler of its own for a signal by now.
    func catches(_ number: Int32) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }), let mask = UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) else { return false }
        return mask >> (number - 1) & 1 == 1
    }
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
