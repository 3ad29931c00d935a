import Foundation

/// A real systemd in a container of its own, with this build's skipd in it as `make install` would lay it out.
///
/// The container sees the machine's own `/usr`, read-only, with our files laid over it; `/etc`, `/var` and `/run` are empty but for what
/// skipd brings; its network is its own loopback. So the unit runs unchanged, under all of its locks.
final class Container: Sendable {
    /// Why no container can be booted here, or nil.
    static let impossible: String? = {
        guard getuid() == 0 else { return "booting a systemd takes root" }
        guard FileManager.default.isExecutableFile(atPath: nspawn) else { return "there is no \(nspawn) (Debian: systemd-container)" }
        guard let directory = try? Layout() else { return "no room for a container under \(NSTemporaryDirectory())" }
        defer { directory.remove() }
        let probe = try? Command.run([nspawn] + directory.arguments + ["--quiet", "/usr/bin/true"])
        guard let probe, probe.status == 0 else { return "systemd-nspawn doesn't run here: \(probe?.output ?? "it can't be started")" }
        return nil
    }()

    /// The container whose tests are running; set by the suite's trait.
    @TaskLocal static var booted: Container?

    private static let nspawn = "/usr/bin/systemd-nspawn"
    private let layout: Layout
    private let process: Process
    /// The container's process 1, as numbered outside.
    private let leader: pid_t

    /// Boots, and returns when systemd has started all it wanted to.
    init() throws {
        layout = try Layout()
        try layout.install()
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.nspawn)
        process.arguments = layout.arguments + ["--boot"]
        process.standardInput = FileHandle.nullDevice
        let log = layout.root.appendingPathComponent("../boot.log").standardizedFileURL
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
        var found: pid_t?
        let deadline = Date(timeIntervalSinceNow: 60)
        while found == nil, process.isRunning, Date.now < deadline {
            Thread.sleep(forTimeInterval: 0.05)
            found = Self.leader(of: process.processIdentifier)
        }
        guard let found else {
            process.terminate()
            throw Failure("the container did not boot: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
        }
        leader = found
        // Until its private socket is there, systemctl can't connect.
        var state = ""
        while !["running", "degraded"].contains(state), Date.now < deadline {
            Thread.sleep(forTimeInterval: 0.1)
            state = try run("systemctl", "is-system-running").output
        }
    }

    /// Powers the container off and removes what it left.
    func shutDown() {
        process.terminate() // To systemd-nspawn, SIGTERM means an orderly power-off.
        process.waitUntilExit()
        layout.remove()
    }

    /// Runs a command inside, as root, and returns its status with what it printed on both outputs.
    @discardableResult
    func run(_ command: String...) throws -> Command.Outcome { try run(command) }

    func run(_ command: [String]) throws -> Command.Outcome {
        try Command.run(["nsenter", "--target=\(leader)", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--"] + command)
    }

    /// The value of one of the unit's properties.
    func property(_ name: String) throws -> String {
        try run("systemctl", "show", "--value", "--property=\(name)", "skipd").output
    }

    /// Waits until `condition` holds, at most half a minute; false if it never did.
    func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<300 {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return false
    }

    /// Writes a file into the container, with the folders it lies in.
    func write(_ text: String, to path: String) throws {
        let script = #"mkdir -p "${0%/*}" && cat >"$0""#
        let written = try Command.run(["nsenter", "--target=\(leader)", "--mount", "--root", "--", "sh", "-c", script, path], text: text)
        guard written.status == 0 else { throw Failure("\(path) can't be written: \(written.output)") }
    }

    /// The child of systemd-nspawn, once it has become systemd.
    private static func leader(of pid: pid_t) -> pid_t? {
        guard let children = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8),
              let child = children.split(separator: " ").first.flatMap({ pid_t($0) }),
              let name = try? String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8), name == "systemd\n"
        else { return nil }
        return child
    }
}

/// What stopped a test before it could test anything.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
