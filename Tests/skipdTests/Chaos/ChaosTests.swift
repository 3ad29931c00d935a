import Foundation
import Testing
import TestSupport
import ZeroMQ

/// Bad devices on a bad network. `make chaos` does it for minutes, `make test` for seconds.
@Suite(.serialized) struct ChaosTests {
    private static var seconds: Double { ProcessInfo.processInfo.environment["CHAOS_SECONDS"].flatMap { Double($0) } ?? 6 }
    private static let devices = 300

    /// A device that may be switched off, forget, repeat itself and get into disorder.
    private struct ChaoticDevice {
        var device: Device?
        var boot: UInt32 = 1
        var next = 0
    }

    @Test("among devices that restart, vanish, repeat and disorder their messages, over links that delay, split, cut and fall silent, every result is the offline one")
    func chaos() throws {
        var generator = SplitMix.forTest()
        var oracle = SequenceOracle()
        let daemon = try RunningDaemon(
            ingest: "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"\nheartbeat = \"1s\"", route: "emit = \"update\"\ngap = \"reset\"")
        let port = try #require(UInt16(daemon.ingest[0].split(separator: ":").last ?? ""))
        let proxy = try Proxy(to: port, seed: generator.next())
        let subscriber = try Subscriber(daemon, prefixes: ["result/"])
        var devices = [ChaoticDevice](repeating: ChaoticDevice(), count: Self.devices)
        var strangers: [Int32] = []
        var strangersSeen = 0
        var (compared, sent, restarts) = (0, 0, 0)

        func send(_ index: Int, _ range: Range<Int>) throws {
            if devices[index].device == nil {
                // Two of three come through the bad network.
                let endpoint = index % 3 == 0 ? daemon.ingest[0] : "tcp://127.0.0.1:\(proxy.port)"
                let device = try Device(endpoint, in: daemon.context)
                // Switched off with what it holds.
                try device.socket.set(.linger, .zero)
                devices[index].device = device
            }
            let sample = Sample(
                stream: "watch/\(index)", values: oracle.timesteps(index, range), seq: UInt64(range.lowerBound), ts: 1_790_000_000_000_000_000, boot: devices[index].boot)
            // What can't be sent is lost: its link is down.
            if try devices[index].device?.socket.sendMultipart(sample.frames(.one)) == true { sent += range.count }
        }
        func compare() throws {
            for message in try subscriber.receiveAvailable() {
                let result = try message.result
                compared += 1
                if let problem = oracle.problem(result, stream: Int(result.stream.dropFirst("watch/".count)) ?? -1) { throw TestFailure("\(result.stream): \(problem)") }
            }
        }

        let end = ContinuousClock.now + .seconds(Self.seconds)
        while ContinuousClock.now < end {
            for _ in 0..<64 {
                let index = Int.random(in: 0..<Self.devices, using: &generator)
                let next = devices[index].next
                let count = Int.random(in: 1...20, using: &generator)
                switch Int.random(in: 0..<200, using: &generator) {
                case 0: // The device restarts, its connection with it.
                    devices[index] = ChaoticDevice(boot: devices[index].boot + 1)
                    restarts += 1
                case 1: devices[index].device = nil
                case 2..<6: devices[index].next += count // Nobody knows whether these would have been read.
                case 6..<16 where next > 0: // Again what was sent before.
                    let start = Int.random(in: max(0, next - 30)..<next, using: &generator)
                    try send(index, start..<(start + count))
                    devices[index].next = max(next, start + count)
                case 16..<26: // The second first.
                    try send(index, (next + count)..<(next + 2 * count))
                    try send(index, next..<(next + count))
                    devices[index].next += 2 * count
                default:
                    try send(index, next..<(next + count))
                    devices[index].next += count
                }
            }
            strangersSeen += 1
            strange(&strangers, port, &generator)
            try compare()
            usleep(2_000)
        }
        for stranger in strangers { close(stranger) }
        // A link that fell silent is given up by heartbeats.
        if proxy.tally.silences > 0 { try daemon.wait("skipd to give up silent links") { proxy.tally.givenUp > 0 } }
        let tally = proxy.tally
        proxy.stop()
        for index in devices.indices { devices[index].device = nil }
        var last = -1
        try daemon.wait("what is on its way") {
            let now = try daemon.status()["messages"]
            defer { last = now }
            usleep(300_000)
            return now == last
        }
        try compare()
        let status = try daemon.status()
        // Old peers had no greeting: what a stranger says may pass for a message of theirs, under whatever name (`BadInputTests`).
        let strange = (status.dropped["malformed"] ?? 0) + (status.dropped["unknown_route"] ?? 0)
        #expect(status.droppedTotal == strange && strange <= strangersSeen, "\(status)")
        #expect(status.arrived <= sent)
        #expect(compared > 0 && tally.links > 0)

        // Then the weather clears: of a whole sequence each result comes.
        let device = try Device(daemon.ingest[0], in: daemon.context)
        for index in devices.indices {
            let sample = Sample(
                stream: "watch/\(index)", values: oracle.timesteps(index, 0..<SequenceOracle.length), seq: 0, ts: 1_790_000_000_000_000_000, boot: devices[index].boot + 1)
            try device.send(sample)
            let expected = oracle.results(index, start: 0)
            let results = try subscriber.receive(expected.count).map { try $0.result }
            #expect(results.map(\.seq) == expected)
            for result in results { #expect(oracle.problem(result, stream: index) == nil) }
        }
        print("\(compared) results compared of \(sent) timesteps sent, \(status.timesteps); \(restarts) restarts, \(tally)")
        #expect(daemon.stop() == 0)
    }

    /// Connections of somebody who doesn't speak ZMTP, or stops in the midst of it.
    private func strange(_ strangers: inout [Int32], _ port: UInt16, _ generator: inout SplitMix) {
        if Int.random(in: 0..<4, using: &generator) == 0 {
            let file = Proxy.connected(to: port)
            guard file >= 0 else { return }
            let greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
            let bytes = Bool.random(using: &generator) ? greeting : (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let count = Int.random(in: 0...bytes.count, using: &generator)
            _ = Glibc.send(file, bytes, count, Int32(MSG_NOSIGNAL))
            strangers.append(file)
        }
        // Half-open ones are kept a while.
        if strangers.count > 100 { close(strangers.remove(at: Int.random(in: 0..<strangers.count, using: &generator))) }
    }
}
