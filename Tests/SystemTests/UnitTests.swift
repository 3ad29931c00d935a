import Foundation
import Testing

/// Boots one container for a suite and shuts it down after the suite's last test.
struct Booted: SuiteTrait, TestScoping {
    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let container = try Container()
        defer { container.shutDown() }
        try await Container.$booted.withValue(container) { try await function() }
    }
}

extension Trait where Self == Booted {
    static var booted: Booted { Booted() }
}

@Suite("skipd.service under a real systemd", .serialized, .enabled(if: Container.impossible == nil, "\(Container.impossible ?? "")"), .booted)
struct UnitTests {
    let container: Container

    init() throws {
        container = try #require(Container.booted)
    }

    /// Starts the unit anew, whatever the test before left.
    private func start() throws {
        try container.run("systemctl", "stop", "skipd")
        try container.run("systemctl", "reset-failed", "skipd")
        let started = try container.run("systemctl", "start", "skipd")
        let journal = try journal()
        try #require(started.status == 0, "\(started.output)\n\(journal)")
    }

    /// What one run of the daemon, the present one if none is named, and systemd about it wrote to the journal.
    private func journal(_ invocation: String? = nil) throws -> String {
        let invocation = try invocation ?? container.property("InvocationID")
        return try container.run(
            "journalctl", "_SYSTEMD_INVOCATION_ID=\(invocation)", "+", "INVOCATION_ID=\(invocation)", "--no-pager", "--lines=40", "--output=cat").output
    }

    @Test("systemd finds nothing to complain about in the unit")
    func verify() throws {
        let outcome = try container.run("systemd-analyze", "verify", "skipd.service")
        #expect(outcome.output == "") // Its exit status is 0 for a misspelt key too.
    }

    @Test("the unit's exposure is at most 1.3")
    func exposure() throws {
        let report = try container.run("systemd-analyze", "security", "--no-pager", "--offline=true", "/usr/lib/systemd/system/skipd.service")
        let line = try #require(report.output.split(separator: "\n").last { $0.contains("Overall exposure level") })
        let exposure = try #require(line.split(separator: " ").lazy.compactMap { Double($0) }.first)
        #expect(exposure <= 1.3, "\(report.output)")
    }

    @Test("the unit starts, is ready by the daemon's own word, and runs as skipd with no capability")
    func starts() throws {
        try start()
        #expect(try container.property("ActiveState") == "active")
        #expect(try container.property("StatusText") != "")
        let process = try container.property("MainPID")
        let status = try container.run("cat", "/proc/\(process)/status").output
        #expect(status.contains("CapEff:\t0000000000000000"))
        #expect(status.contains("Seccomp:\t2"))
        #expect(try container.run("stat", "--format=%U", "/proc/\(process)").output == "skipd")
    }

    @Test("a reload leaves the process running and ends ready, also where the new configuration is wrong")
    func reloads() throws {
        try start()
        let process = try container.property("MainPID")
        #expect(try container.run("systemctl", "reload", "skipd").status == 0)
        #expect(try container.eventually { try journal().contains("reloaded /etc/skipd/skipd.toml") })
        #expect(try container.eventually { try container.property("SubState") == "running" })

        let configuration = try container.run("cat", "/etc/skipd/skipd.toml").output
        defer { try? container.write(configuration, to: "/etc/skipd/skipd.toml") }
        try container.write(configuration + "\nnonsense = true\n", to: "/etc/skipd/skipd.toml")
        #expect(try container.run("systemctl", "reload", "skipd").status == 0)
        #expect(try container.eventually { try journal().contains("the reload failed; what ran before still runs") })
        #expect(try container.eventually { try container.property("SubState") == "running" })
        #expect(try container.property("MainPID") == process)
        #expect(try container.property("NRestarts") == "0")
    }

    @Test("samples go in and are worked off under all of the unit's locks")
    func samples() throws {
        try start()
        let published = try container.run("skipctl", "pub", "watch/{}", "/usr/share/skipd/recordings/watch-seven.safetensors", "--batch", "50")
        #expect(published.status == 0, "\(published.output)")
        // Seven recordings, 10,662 timesteps in all.
        let workedOff = try container.eventually { try Status(container).timesteps.arrived == 10_662 }
        let status = try Status(container)
        #expect(workedOff && status.streams == 7 && status.timesteps.rejected + status.timesteps.stale == 0, "\(status)")
    }

    @Test("root and members of the group skipd may use the control socket, and nobody else")
    func controlSocket() throws {
        try start()
        #expect(try container.run("stat", "--format=%a %U %G", "/run/skipd/control.sock").output == "660 skipd skipd")
        #expect(try container.run("skipctl", "status").status == 0)
        let group = try container.run("sh", "-c", "getent group skipd | cut -d: -f3").output
        let member = ["setpriv", "--reuid=65534", "--regid=\(group)", "--clear-groups", "skipctl", "status"]
        let stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "skipctl", "status", "--timeout", "1s"]
        #expect(try container.run(member).status == 0)
        #expect(try container.run(stranger).status == 1)
    }

    @Test("a stop ends with success and leaves no socket behind")
    func stops() throws {
        try start()
        #expect(try container.run("systemctl", "stop", "skipd").status == 0)
        #expect(try container.property("ActiveState") == "inactive")
        #expect(try container.property("Result") == "success")
        #expect(try container.property("ExecMainStatus") == "0")
        #expect(try container.run("ls", "/run/skipd/control.sock").status != 0)
    }

    /// Plays a recording up to and with so many timesteps, and waits until all are worked off.
    private func play(_ arguments: [String], arrived: Int) throws {
        let published = try container.run(["skipctl", "pub", "watch/kept", "--generate", "sine", "--features", "6", "--rate", "100000", "--batch", "10"] + arguments)
        #expect(published.status == 0, "\(published.output)")
        let isThere = try container.eventually { try Status(container).timesteps.arrived == arrived }
        let status = try Status(container)
        #expect(isThere, "\(status)")
    }

    /// What a stream is like, without what changes by itself.
    private func stream(_ name: String) throws -> [String: String] {
        let printed = try container.run("skipctl", "stream", name, "--json")
        let object = try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any] ?? [:]
        #expect(printed.status == 0 && !object.isEmpty, "\(printed.output)")
        return object.filter { $0.key != "idle_s" }.mapValues { "\($0)" }
    }

    @Test("a stop loses nothing: what was sent before it is in the streams' states after it")
    func stopKeeps() throws {
        try start()
        try play(["--count", "1000"], arrived: 1000)
        let before = try stream("watch/kept")
        try container.run("systemctl", "stop", "skipd")
        #expect(try container.run("stat", "--format=%a %U %G", "/var/lib/skipd").output == "750 skipd skipd")
        try start()
        #expect(try stream("watch/kept") == before)
        try container.run("skipctl", "reset", "watch/kept")
    }

    @Test("a daemon killed comes back with the streams' states as of its last checkpoint")
    func killedKeeps() throws {
        try start()
        try play(["--count", "500"], arrived: 500)
        #expect(try container.run("skipctl", "checkpoint").status == 0)
        let before = try stream("watch/kept")
        try container.run("systemctl", "kill", "--signal=KILL", "skipd")
        #expect(try container.eventually { try container.property("NRestarts") == "1" })
        #expect(try container.eventually { try container.run("skipctl", "status").status == 0 })
        #expect(try stream("watch/kept") == before)
        try container.run("skipctl", "reset", "watch/kept")
    }

    @Test("the key in /etc/credstore reaches the service as its credential, and nobody else; devices with a key get in")
    func credential() throws {
        let configuration = try container.run("cat", "/etc/skipd/skipd.toml").output
        defer {
            try? container.write(configuration, to: "/etc/skipd/skipd.toml")
            _ = try? container.run("rm", "-rf", "/etc/credstore", "/etc/skipd/authorized_keys", "/root/pump.key")
        }
        try container.run("mkdir", "-p", "-m", "700", "/etc/credstore")
        #expect(try container.run("skipctl", "keygen", "--server", "--output", "/etc/credstore/skipd.server-key").status == 0)
        let line = try container.run("sh", "-c", "skipctl keygen --device pump --publish 'watch/*' --output /root/pump.key 2>/dev/null").output
        try container.write("# who may\n" + line + "\n", to: "/etc/skipd/authorized_keys")
        let keys = "server_key = \"$CREDENTIALS_DIRECTORY/skipd.server-key\"\nauthorized_keys = \"authorized_keys\"\n"
        try container.write(configuration.replacingOccurrences(of: "\ninsecure = false", with: "\n\(keys)insecure = false"), to: "/etc/skipd/skipd.toml")
        try start()
        let process = try container.property("MainPID")
        #expect(try container.run("stat", "--format=%a", "/etc/credstore/skipd.server-key").output == "600")
        // Where systemd has put it, only the service gets at it.
        let stranger = try container.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", "/run/credentials/skipd.service/skipd.server-key")
        #expect(stranger.status != 0)
        let options = ["--key", "/root/pump.key", "--server-key", "/etc/credstore/skipd.server-key.pub"]
        let published = try container.run(["skipctl", "pub", "watch/{}", "/usr/share/skipd/recordings/watch-seven.safetensors", "--batch", "50"] + options)
        #expect(published.status == 0, "\(published.output)")
        let workedOff = try container.eventually { try Status(container).timesteps.arrived == 10_662 }
        #expect(workedOff)
        // A reload reads the credential again, and takes the device's rights away.
        try container.write("# nobody\n", to: "/etc/skipd/authorized_keys")
        #expect(try container.run("skipctl", "reload").status == 0)
        let refused = try container.run(["skipctl", "pub", "watch/0", "--generate", "sine", "--features", "6", "--count", "1", "--wait", "2s"] + options)
        #expect(refused.status == 2, "\(refused.output)")
        #expect(try journal().contains("is not authorized"))
        #expect(try container.property("MainPID") == process)
        #expect(try Status(container).timesteps.arrived == 10_662)
        // The sandbox is the same with it.
        #expect(try container.run("systemd-analyze", "verify", "skipd.service").output == "")
    }

    @Test("a second skipd runs beside the first from skipd@.service, with a configuration, states and sockets of its own")
    func second() throws {
        try start()
        let changes = [("tcp://127.0.0.1:5570", "tcp://127.0.0.1:5580"), ("5571", "5581"), ("/run/skipd/", "/run/skipd-east/"), ("/var/lib/skipd\"", "/var/lib/skipd-east\""), ("9470", "9480")]
        let configuration = try changes.reduce(container.run("cat", "/etc/skipd/skipd.toml").output) { (text, change) in
            #expect(text.contains(change.0))
            return text.replacingOccurrences(of: change.0, with: change.1)
        }
        try container.write(configuration, to: "/etc/skipd/east.toml")
        defer {
            _ = try? container.run("systemctl", "stop", "skipd@east")
            _ = try? container.run("rm", "-rf", "/etc/skipd/east.toml", "/var/lib/skipd-east")
        }
        #expect(try container.run("systemd-analyze", "verify", "skipd@east.service").output == "")
        let started = try container.run("systemctl", "start", "skipd@east")
        let log = try container.run("journalctl", "--unit=skipd@east", "--no-pager", "--lines=20", "--output=cat").output
        try #require(started.status == 0, "\(started.output)\n\(log)")
        let published = try container.run("skipctl", "pub", "watch/east", "--config", "/etc/skipd/east.toml", "--generate", "sine", "--features", "6", "--count", "100", "--rate", "1e6")
        #expect(published.status == 0, "\(published.output)")
        let arrived = try container.eventually { try container.run("skipctl", "stream", "watch/east", "--config", "/etc/skipd/east.toml").output.contains("of 100 timesteps read") }
        #expect(arrived)
        #expect(try container.run("skipctl", "stream", "watch/east").status != 0)
        #expect(try container.run("systemctl", "stop", "skipd@east").status == 0)
        #expect(try container.run("stat", "--format=%a %U", "/var/lib/skipd-east/state.sqlite").output == "600 skipd")
        #expect(try container.property("ActiveState") == "active")
    }

    @Test("a daemon killed comes back by itself")
    func killed() throws {
        try start()
        let process = try container.property("MainPID")
        try container.run("systemctl", "kill", "--signal=KILL", "skipd")
        #expect(try container.eventually { try container.property("NRestarts") == "1" && container.property("ActiveState") == "active" })
        #expect(try container.property("MainPID") != process)
    }

    @Test("a daemon that hangs is killed by the watchdog and comes back")
    func hangs() throws {
        try container.write("[Service]\nWatchdogSec=4s\n", to: "/run/systemd/system/skipd.service.d/watchdog.conf")
        defer {
            _ = try? container.run("rm", "-r", "/run/systemd/system/skipd.service.d")
            _ = try? container.run("systemctl", "daemon-reload")
        }
        try container.run("systemctl", "daemon-reload")
        try start()
        try play(["--count", "300"], arrived: 300)
        #expect(try container.run("skipctl", "checkpoint").status == 0)
        let before = try stream("watch/kept")
        let process = try container.property("MainPID")
        let invocation = try container.property("InvocationID")
        // Past the watchdog's time a healthy daemon is still the same.
        Thread.sleep(forTimeInterval: 5)
        #expect(try container.property("MainPID") == process)
        try container.run("systemctl", "kill", "--signal=STOP", "skipd")
        #expect(try container.eventually { try container.property("NRestarts") == "1" && container.property("ActiveState") == "active" })
        #expect(try journal(invocation).contains("Watchdog timeout"))
        #expect(try container.eventually { try container.run("skipctl", "status").status == 0 })
        #expect(try stream("watch/kept") == before)
        try container.run("skipctl", "reset", "watch/kept")
    }
}

/// What `skipctl status` says in the container.
private struct Status: Decodable {
    struct Timesteps: Decodable {
        let updated, skipped, stale, rejected: Int
        var arrived: Int { updated + skipped + stale + rejected }
    }
    let streams: Int
    let timesteps: Timesteps

    init(_ container: Container) throws {
        let printed = try container.run("skipctl", "status", "--json")
        guard printed.status == 0 else { throw Failure(printed.output) }
        self = try JSONDecoder().decode(Status.self, from: Data(printed.output.utf8))
    }
}
