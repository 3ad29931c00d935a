import Dispatch
import Foundation
import Testing

@Suite(.serialized) struct SystemdTests {
    @Test("systemd hears of the start, each reload and the stop", arguments: ["path", "abstract"])
    func notifications(_ kind: String) throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let socket = try NotifySocket(kind == "path" ? folder + "/notify" : "@" + folder)
        let daemon = try RunningDaemon(environment: ["NOTIFY_SOCKET": socket.address])
        let ready = try socket.receive()
        #expect(ready["READY"] == "1")
        #expect(ready["STATUS"]?.isEmpty == false)
        let before = monotonicMicroseconds()
        daemon.signal(SIGHUP)
        let reloading = try socket.receive()
        #expect(reloading["RELOADING"] == "1")
        let stamp = try #require(reloading["MONOTONIC_USEC"].flatMap { Int($0) })
        #expect((before...monotonicMicroseconds()).contains(stamp))
        #expect(try socket.receive()["READY"] == "1")
        try "[".write(toFile: daemon.configurationFile, atomically: true, encoding: .utf8)
        daemon.signal(SIGHUP)
        #expect(try socket.receive()["RELOADING"] == "1")
        let failed = try socket.receive()
        #expect(failed["READY"] == "1")
        #expect(failed["STATUS"] == "The last reload failed; what ran before still runs")
        daemon.signal(SIGTERM)
        #expect(try socket.receive()["STOPPING"] == "1")
        #expect(daemon.waitForEnd() == 0)
        // Under systemd each line has its priority and no time.
        #expect(daemon.log.hasPrefix("<5>skipd "))
        #expect(daemon.log.split(separator: "\n").allSatisfy { $0.firstMatch(of: /^<[2-6]>/) != nil })
        #expect(daemon.log.contains("<3>\(daemon.configurationFile):1:"))
    }

    @Test("the watchdog is fed while the loop turns")
    func watchdog() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let socket = try NotifySocket(folder + "/notify")
        let daemon = try RunningDaemon(environment: ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "100000"])
        #expect(try socket.receive()["READY"] == "1")
        for _ in 0..<3 { #expect(try socket.receive()["WATCHDOG"] == "1") }
        #expect(daemon.stop() == 0)
    }

    @Test("a watchdog meant for another process is not fed")
    func otherProcess() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let socket = try NotifySocket(folder + "/notify")
        let daemon = try RunningDaemon(environment: ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"])
        #expect(try socket.receive()["READY"] == "1")
        usleep(20_000)
        #expect(daemon.stop() == 0)
        #expect(try socket.receive()["STOPPING"] == "1")
    }

    /// The clock that sd_notify's protocol names, which on Linux is CLOCK_MONOTONIC.
    private func monotonicMicroseconds() -> Int { Int(DispatchTime.now().uptimeNanoseconds / 1000) }
}
