import Foundation
import Testing
import ZeroMQ

/// A clock that is set while skipd runs: `Tests/Faults/faults.c` sets it, for skipd alone.
struct ClockTests {
    @Test("a clock that is set three days ahead drops no stream as idle")
    func setAhead() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ahead = folder + "/ahead"
        let daemon = try RunningDaemon(
            route: "emit = 1", more: "[limits]\nidle_timeout = \"1h\"",
            environment: ["LD_PRELOAD": try Files.faults(in: folder), "FAULT_CLOCK": ahead])
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let subscriber = try Subscriber(daemon, prefixes: ["result/"])
        let timestep = Array(Bundled.recording(0)[..<6])
        for stream in 0..<10 { try device.send(Sample(stream: "watch/idle-\(stream)", values: timestep, seq: 0)) }
        let before = try #require(try subscriber.receive(10).last).result.time
        _ = FileManager.default.createFile(atPath: ahead, contents: nil)
        // Each block of messages looks at two streams.
        for timestepIndex in 0..<20 {
            try device.send(Sample(stream: "watch/busy", values: timestep, seq: UInt64(timestepIndex), start: true))
            _ = try subscriber.receive(1)
        }
        try device.send(Sample(stream: "watch/last", values: timestep, seq: 0))
        let after = try #require(try subscriber.receive(1).last).result.time
        // The time of results is the one that was set.
        #expect(String(after.prefix(10)) > String(before.prefix(10)))
        let status = try daemon.status()
        #expect(status["streams"] == 12)
    }
}
