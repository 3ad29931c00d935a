import Foundation
import Glibc
import Testing
import ZeroMQ

/// Samples that come faster than they are worked off: here while skipd is stopped, so that nothing depends on how fast a machine is.
@Suite(.serialized) struct OverloadTests {
    @Test("what finds no room while skipd is held up is a gap, counted to the last timestep; memory stays bounded, and the rest goes on")
    func heldUp() throws {
        let daemon = try RunningDaemon()
        let device = try Socket(.push, in: daemon.context)
        try device.set(.linger, RunningDaemon.patience)
        try device.set(.sendTimeout, RunningDaemon.patience)
        try device.set(.sendHighWaterMark, 10)
        try device.connect(daemon.ingest[0])
        // 1,000 timesteps are 24 kB: some hundred messages fill the sockets' buffers.
        let (count, messages) = (1_000, 4_000)
        func message(_ index: Int) -> [[UInt8]] {
            Sample(stream: "watch/1", values: [Float](repeating: 0.1, count: count * 6), seq: UInt64(index * count), ts: 1_790_000_000_000_000_000, boot: 1).frames(.one)
        }
        #expect(try device.sendMultipart(message(0), wait: true))
        try daemon.waitForStatus("the first message") { $0["messages"] == 1 }
        let before = try resident(daemon)
        daemon.signal(SIGSTOP)
        var taken = 1
        for index in 1..<messages where try device.sendMultipart(message(index)) { taken += 1 }
        let inKernel = try resident(daemon)
        daemon.signal(SIGCONT)
        #expect(try device.sendMultipart(message(messages), wait: true))
        let status = try daemon.waitForStatus("what found room") { $0["messages"] == taken + 1 }
        #expect(taken < messages)
        #expect(status.droppedTotal == 0)
        #expect(status.arrived == (taken + 1) * count)
        #expect(status.timesteps["lost"]! > 0)
        #expect(status.timesteps["omitted"]! + status.timesteps["lost"]! == (messages - taken) * count, "\(status)")
        // All that was sent would be 96 MB.
        #expect(inKernel - before < 1 << 20)
        #expect(try resident(daemon) - before < 40 << 20)
        #expect(daemon.stop() == 0)
    }

    /// Bytes.
    private func resident(_ daemon: RunningDaemon) throws -> Int {
        let fields = try String(contentsOfFile: "/proc/\(daemon.processIdentifier)/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}
