import Foundation
import Synchronization
import Testing
import ZeroMQ

/// How long a restart takes, and how long a checkpoint holds samples up. `make restart` looks at 1,000,000 streams, `make test` at few.
@Suite(.serialized) struct RestartTests {
    private static let streams = ProcessInfo.processInfo.environment["SKIPD_STREAMS"].flatMap { Int($0) } ?? 20_000
    private static var isMeasured: Bool { ProcessInfo.processInfo.environment["SKIPD_STREAMS"] != nil }

    @Test("a checkpoint of a tenth of the streams holds no sample up for long, and after a kill all streams are back in seconds")
    func restart() throws {
        var keeper = try KeepingDaemon()
        keeper.interval = "24h"
        defer { keeper.remove() }
        let limits = "[limits]\nmax_streams = 2_000_000"
        let daemon = try keeper.start(more: limits)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let changed = min(Self.streams, max(Self.streams / 10, 1000))
        try touch(device, 0..<Self.streams, seq: 0)
        try daemon.waitForStatus("all streams") { $0["streams"] == Self.streams }
        #expect(try daemon.ask("{\"op\":\"checkpoint\"}")["streams"] as? Int == Self.streams)
        try touch(device, 0..<changed, seq: 2)
        try daemon.waitForStatus("the changes") { $0["messages"] == Self.streams + changed }

        // A stream that is read each time, there and back, before and while the checkpoint is taken.
        let subscriber = try Subscriber(daemon, prefixes: ["result/watch/probe"])
        var seq: UInt64 = 0
        func roundTrip() throws -> Duration {
            let start = ContinuousClock.now
            try device.send(Sample(stream: "watch/probe", values: Array(Bundled.recording(0)[..<6]), seq: seq, boot: UInt32(seq % 2 + 1)))
            seq += 1
            _ = try subscriber.receive(1)
            return ContinuousClock.now - start
        }
        _ = try roundTrip()
        let idle = try (0..<500).map { _ in try roundTrip() }.max() ?? .zero
        let isDone = Mutex(false)
        let written = Mutex(0)
        let asked = ContinuousClock.now
        nonisolated(unsafe) let other = daemon // Each request has a socket of its own, and nobody else asks meanwhile.
        Thread.detachNewThread {
            let reply = try? other.ask("{\"op\":\"checkpoint\"}")
            written.withLock { $0 = reply?["streams"] as? Int ?? -1 }
            isDone.withLock { $0 = true }
        }
        var during: [Duration] = []
        while !isDone.withLock({ $0 }) { during.append(try roundTrip()) }
        let taken = ContinuousClock.now - asked
        #expect(written.withLock { $0 } >= changed)
        daemon.signal(SIGKILL)
        _ = daemon.waitForEnd()
        let start = ContinuousClock.now
        let after = try keeper.start(more: limits)
        let ready = ContinuousClock.now - start
        #expect(try after.status()["streams"] == Self.streams + 1)
        print("""
            \(Self.streams) streams: ready \(ready) after a kill; a checkpoint of \(changed) changed ones took \(taken); there and back at most \
            \(during.max() ?? .zero) of \(during.count) meanwhile, \(idle) without
            """)
        if Self.isMeasured { #expect(ready < .seconds(3)) }
        after.signal(SIGKILL)
    }

    private func touch(_ device: Device, _ streams: Range<Int>, seq: UInt64) throws {
        let values = Array(Bundled.recording(0)[..<12])
        let tail = Array(Sample(stream: "", values: values, seq: seq, ts: 0, boot: 1).frames(.one)[0])
        for stream in streams { try device.send([Array("watch/\(stream)".utf8) + tail]) }
    }
}
