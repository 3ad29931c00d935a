import Foundation
import ZeroMQ

/// The real skipd, started for one test, with its files in a folder of its own.
final class RunningDaemon {
    let folder: String
    let context: Context
    private let process = Process()
    /// Where samples go, and where results come from.
    private(set) var ingest: [String] = []
    private(set) var results: [String] = []
    private let control: Control

    var configurationFile: String { folder + "/skipd.toml" }
    var controlEndpoint: String { "ipc://\(folder)/run/control.sock" }
    private var logFile: String { folder + "/log" }
    var processIdentifier: pid_t { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Nothing takes so long unless something is broken.
    static let patience = Duration.seconds(60)

    /// Writes a configuration and starts skipd with it; returns when it answers on its control socket.
    /// - Parameters:
    ///   - ingest: `[ingest]`'s keys.
    ///   - route: a `[[route]]`'s keys beside `match = "watch/**"` and `model = "watch"`.
    ///   - more: tables to add.
    ///   - configuration: the whole file instead; it has to keep the control socket at `controlEndpoint`.
    init(
        ingest: String = "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"", route: String = "emit = \"update\"", more: String = "",
        configuration: ((_ folder: String) -> String)? = nil, environment: [String: String] = [:], waits: Bool = true
    ) throws {
        folder = try Files.temporaryFolder()
        context = try Context()
        control = Control("ipc://\(folder)/run/control.sock", context)
        let text = configuration?(folder) ?? RunningDaemon.configuration(folder, ingest: ingest, route: route, more: more)
        try text.write(toFile: configurationFile, atomically: true, encoding: .utf8)
        try start(environment: environment, waits: waits)
    }

    static func configuration(_ folder: String, ingest: String = "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"", route: String = "emit = \"update\"", model: String = Files.model, more: String = "") -> String {
        """
        [ingest]
        \(ingest)
        [results]
        bind = ["tcp://127.0.0.1:*"]
        [control]
        bind = "ipc://\(folder)/run/control.sock"
        [http]
        listen = ""
        [state]
        directory = ""
        [[model]]
        name = "watch"
        path = "\(model)"
        [[route]]
        match = "watch/**"
        model = "watch"
        \(route)
        \(more)
        """
    }

    private func start(environment: [String: String], waits: Bool) throws {
        _ = FileManager.default.createFile(atPath: logFile, contents: nil)
        process.executableURL = URL(fileURLWithPath: Files.program("skipd"))
        process.arguments = ["--config", configurationFile]
        var inherited = ProcessInfo.processInfo.environment
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"] { inherited[name] = nil }
        process.environment = inherited.merging(environment) { $1 }
        process.standardError = FileHandle(forWritingAtPath: logFile)
        process.standardOutput = process.standardError
        process.standardInput = FileHandle.nullDevice
        try process.run()
        guard waits else { return }
        let status = try self.status()
        ingest = status.ingest
        results = status.resultsEndpoints
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Sends a signal.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the end and returns the exit status; a death by a signal is its negative number.
    func waitForEnd() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Stops it as systemd does and returns the exit status.
    func stop() -> Int32 {
        signal(SIGTERM)
        return waitForEnd()
    }

    /// What it has logged so far.
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    /// Waits until the log has a text.
    func waitForLog(_ text: String) throws { try wait("the log to have \"\(text)\"") { log.contains(text) } }

    /// Asks on the control socket; returns the reply.
    func ask(_ request: String) throws -> [String: Any] {
        do { return try control.ask(request, while: process) } catch { throw TestFailure("\(error); the log says:\n\(log)") }
    }

    /// Asks for `status`.
    func status() throws -> DaemonStatus { DaemonStatus(try ask("{\"op\":\"status\"}")) }

    /// Asks for one stream; without what changes by itself.
    func stream(_ name: String) throws -> [String: String] {
        let reply = try ask("{\"op\":\"stream\",\"stream\":\"\(name)\"}").filter { $0.key != "idle_s" }
        return reply.mapValues { "\($0)" }
    }

    /// Waits until a condition of the status holds.
    @discardableResult
    func waitForStatus(_ what: String, _ condition: (DaemonStatus) -> Bool) throws -> DaemonStatus {
        var last = try status()
        try wait(what, or: { "status is \(last)" }) {
            last = try status()
            return condition(last)
        }
        return last
    }

    /// Waits until a condition holds: for what comes about by itself, and only once.
    func wait(_ what: String, or detail: () -> String = { "" }, until condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + Self.patience
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw TestFailure("waited in vain for \(what); \(detail()); the log says:\n\(log)") }
            usleep(2_000)
        }
    }
}

/// What `status` says.
struct DaemonStatus: CustomStringConvertible {
    let reply: [String: Any]

    init(_ reply: [String: Any]) { self.reply = reply }

    var ingest: [String] { reply["ingest"] as? [String] ?? [] }
    var resultsEndpoints: [String] { reply["results_endpoints"] as? [String] ?? [] }
    var timesteps: [String: Int] { reply["timesteps"] as? [String: Int] ?? [:] }
    var dropped: [String: Int] { reply["dropped"] as? [String: Int] ?? [:] }
    var droppedTotal: Int { dropped.values.reduce(0, +) }
    subscript(key: String) -> Int { reply[key] as? Int ?? -1 }
    /// Timesteps that arrived: each has one fate.
    var arrived: Int { ["updated", "skipped", "stale", "rejected"].reduce(0) { $0 + (timesteps[$1] ?? 0) } }
    var description: String { "\(reply)" }
}
