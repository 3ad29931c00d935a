import Foundation
import Testing
import TestSupport
import ZeroMQ

/// Whatever comes in: counted by cause, nothing stops, no stream's state changes.
@Suite(.serialized) struct BadInputTests {
    /// A daemon with a stream in the middle of a sequence, and its oracle.
    private final class Scene {
        let daemon: RunningDaemon
        let device: Device
        let values = Bundled.recording(1)
        var oracle = Oracle(Bundled.model)
        let before: [String: String]
        let status: DaemonStatus
        static let half = 100

        init(more: String = "") throws {
            daemon = try RunningDaemon(more: more)
            device = try Device(daemon.ingest[0], in: daemon.context)
            oracle.run(values, stream: "watch/1")
            for timestep in 0..<Self.half { try device.send(Self.sample(timestep, values, oracle.interval)) }
            status = try daemon.waitForStatus("the first half") { $0["messages"] == Self.half }
            before = try daemon.stream("watch/1")
        }

        private static func sample(_ timestep: Int, _ values: [Float], _ interval: Int64) -> Sample {
            Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * interval, boot: 7)
        }

        /// Waits until so many messages have been dropped, by cause, and nothing else has happened; then the stream goes on as if nothing had been.
        func expect(_ dropped: [String: Int]) throws {
            let total = dropped.values.reduce(0, +)
            let after = try daemon.waitForStatus("\(total) messages") { $0["messages"] == Self.half + total }
            for (cause, count) in after.dropped { #expect(count == dropped[cause] ?? 0, "\(cause)") }
            #expect(after.timesteps == status.timesteps)
            #expect(after["streams"] == 1)
            try expectUnchanged()
        }

        func expectUnchanged() throws {
            #expect(try daemon.stream("watch/1") == before)
            let subscriber = try Subscriber(daemon)
            for timestep in Self.half..<(values.count / 6) { try device.send(Self.sample(timestep, values, oracle.interval)) }
            let expected = oracle.results.filter { $0.seq >= Self.half }
            #expect(!expected.isEmpty)
            #expect(try subscriber.receive(expected.count).map { try $0.result } == expected)
        }
    }

    private func valid(_ scene: Scene) -> Sample { Sample(stream: "watch/1", values: Array(scene.values[600..<636]), seq: 100, ts: 5, boot: 7) }

    @Test("a message cut off at any byte of its header and payload is malformed")
    func truncated() throws {
        let scene = try Scene()
        let frames = Dictionary(uniqueKeysWithValues: Sample.Form.allCases.map { ($0, valid(scene).frames($0)) })
        var count = 0
        func send(_ frames: [[UInt8]]) throws {
            try scene.device.send(frames)
            count += 1
        }
        let one = frames[.one]?[0] ?? []
        for length in 0..<one.count { try send([Array(one[..<length])]) }
        for form in [Sample.Form.threeBinary, .threeJSON] {
            let three = frames[form] ?? []
            for length in 0..<three[1].count { try send([three[0], Array(three[1][..<length]), three[2]]) }
            for length in 0..<three[2].count { try send([three[0], three[1], Array(three[2][..<length])]) }
        }
        // Without a header any whole number of timesteps is right.
        for length in 0..<144 where length % 24 != 0 { try send([Array("watch/1".utf8), Array((frames[.two]?[1] ?? [])[..<length])]) }
        try scene.expect(["malformed": count])
    }

    @Test("a header with any byte set to a value that the protocol doesn't have is malformed")
    func header() throws {
        let scene = try Scene()
        let sample = valid(scene)
        var count = 0
        for position in 0..<32 {
            for value in UInt8.min...UInt8.max where value != sample.header[position] {
                // seq, ts and boot have no wrong values; flags have the lower four bits; f32 and i32 are of one size.
                let isWrong = switch position {
                case 0, 1, 2, 5, 6, 7, 28...31: true
                case 3: value > 15
                case 4: value != 7
                case 14: value >= 32 // 2⁵³ is the largest index.
                case 15: true
                default: false
                }
                guard isWrong else { continue }
                var header = sample.header
                header[position] = value
                if count % 2 == 0 {
                    try scene.device.send([Array(sample.stream.utf8), header, sample.payload])
                } else {
                    try scene.device.send([Array(sample.stream.utf8) + [0] + header + sample.payload])
                }
                count += 1
            }
        }
        #expect(count > 3000)
        try scene.expect(["malformed": count])
    }

    @Test("wrongly typed and wrongly shaped headers, names and payloads are counted by cause")
    func wrong() throws {
        let scene = try Scene(more: "[[model]]\nname = \"json\"\npath = \"\(Files.model)\"\n[[route]]\nmatch = \"json/*\"\nmodel = \"json\"\nencoding = \"json\"\n")
        let row = "[1, 2, 3, 4, 5, 6]"
        let payload = [UInt8](repeating: 0, count: 24)
        let name = Array("watch/1".utf8)
        let headers = [
            "", "{", "null", "[]", "7", "{}", "{\"dtype\": \"<f4\"}", "{\"shape\": [1, 6]}", "{\"dtype\": 4, \"shape\": [1, 6]}", "{\"dtype\": \"<c8\", \"shape\": [1, 6]}",
            "{\"dtype\": \">f4\", \"shape\": [1, 6]}", "{\"dtype\": \"<f4\", \"shape\": 6}", "{\"dtype\": \"<f4\", \"shape\": [1, 6.5]}", "{\"dtype\": \"<f4\", \"shape\": [1, -6]}",
            "{\"dtype\": \"<f4\", \"shape\": [1, 1, 6]}", "{\"dtype\": \"<f4\", \"shape\": []}", "{\"dtype\": \"<f4\", \"shape\": [2, 6]}",
            "{\"dtype\": \"<f4\", \"shape\": [4611686018427387904, 6]}", "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"seq\": -1}", "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"seq\": \"1\"}",
            "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"seq\": 1.5}", "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"seq\": 9007199254740992}", "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"boot\": 4294967296}",
            "{\"dtype\": \"<f4\", \"shape\": [1, 6], \"start\": 1}", "{\"dtype\": \"<f4\", \"shape\": [1, 6]} x", "{\"dtype\": \"<f4\", \"dtype\": \"<f4\", \"shape\": [1, 6]}",
            String(repeating: "[", count: 100_000), "{\"dtype\": \"" + String(repeating: "f", count: 100_000) + "\", \"shape\": [1, 6]}",
        ]
        for header in headers { try scene.device.send([name, Array(header.utf8), payload]) }
        var malformed = headers.count
        for text in ["", "{", "null", "\"x\"", "{\"x\": []", "{\"seq\": 1}", "{\"x\": [1, 2, 3, 4, 5, \"6\"]}", "{\"x\": [[1, 2, 3, 4, 5, null]]}", "{\"x\": \(row), \"seq\": -1}", "[\(row), 7]", String(repeating: "[", count: 100_000)] {
            try scene.device.send([Array("json/1".utf8), Array(text.utf8)])
            malformed += 1
        }
        let wrongFeatures: [[[UInt8]]] = [
            [name, Array("{\"dtype\": \"<f4\", \"shape\": [1, 5]}".utf8), [UInt8](repeating: 0, count: 20)],
            [name, Array("{\"dtype\": \"<f4\", \"shape\": [6]}".utf8).map { $0 == 0x36 ? 0x37 : $0 }, [UInt8](repeating: 0, count: 28)],
            [Array("json/1".utf8), Array("[[1, 2, 3]]".utf8)],
            [Array("json/1".utf8), Array("[[]]".utf8)],
            [Array("json/1".utf8), Array("[\(row), [1, 2]]".utf8)],
        ]
        for frames in wrongFeatures { try scene.device.send(frames) }
        let names: [[UInt8]] = [[], [0x77, 0xff], Array("watch/\u{7}".utf8), Array("watch/\u{7f}".utf8), Array("watch/\u{85}".utf8), [UInt8](repeating: 0x77, count: 256), [0xC0, 0x80], [0xED, 0xA0, 0x80]]
        for name in names { try scene.device.send([name, payload]) }
        try scene.device.send([name, payload, payload, payload])
        try scene.device.send([name, payload, payload, payload, payload, payload])
        malformed += names.count + 2
        let unknown = ["other/1", "watch", "Watch/1", String(repeating: "é", count: 127)]
        for name in unknown { try scene.device.send([Array(name.utf8), payload]) }
        try scene.expect(["malformed": malformed, "wrong_features": wrongFeatures.count, "unknown_route": unknown.count])
    }

    @Test("ten thousand random messages are counted, and that is all")
    func random() throws {
        let scene = try Scene()
        var generator = SplitMix.forTest()
        let messages = 10_000
        for number in 0..<messages {
            var frames: [[UInt8]] = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                (0..<Int.random(in: 0...(Bool.random(using: &generator) ? 40 : 400), using: &generator)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            }
            // Half of them under the stream's name: as a first frame or, in front of the zero byte, in the only one.
            if number % 2 == 0 {
                frames[0] = frames.count == 1 ? Array("watch/1".utf8) + [0] + frames[0] : Array("watch/1".utf8)
                // Whole timesteps without a header would be right.
                if frames.count == 2, frames[1].count % 24 == 0 { frames[1].append(0) }
            }
            try scene.device.send(frames)
        }
        let after = try scene.daemon.waitForStatus("\(messages) messages") { $0["messages"] == Scene.half + messages }
        #expect(after.droppedTotal == messages)
        #expect(after.timesteps == scene.status.timesteps)
        try scene.expectUnchanged()
    }

    @Test("messages with random bytes changed keep every timestep accounted for")
    func mutated() throws {
        let scene = try Scene()
        var generator = SplitMix.forTest()
        let messages = 5_000
        for number in 0..<messages {
            var sample = Sample(stream: "watch/\(number % 20)x", values: (0..<(6 * Int.random(in: 0...4, using: &generator))).map { _ in .random(in: -3...3, using: &generator) }, seq: UInt64.random(in: 0...500, using: &generator))
            sample.boot = Bool.random(using: &generator) ? 0 : UInt32.random(in: 0...3, using: &generator)
            sample.start = Int.random(in: 0..<10, using: &generator) == 0
            sample.end = Int.random(in: 0..<10, using: &generator) == 0
            var frames = sample.frames(Sample.Form.allCases.randomElement(using: &generator) ?? .one)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let frame = Int.random(in: 0..<frames.count, using: &generator)
                guard !frames[frame].isEmpty else { continue }
                frames[frame][Int.random(in: 0..<frames[frame].count, using: &generator)] = .random(in: .min ... .max, using: &generator)
            }
            try scene.device.send(frames)
        }
        let after = try scene.daemon.waitForStatus("\(messages) messages") { $0["messages"] == Scene.half + messages }
        #expect(after.droppedTotal < messages)
        #expect(after.arrived > scene.status.arrived)
        try scene.expectUnchanged()
    }

    @Test("a peer of the protocol's first version, which has no greeting, is a device like any other: what it says is counted by cause")
    func firstVersion() throws {
        let daemon = try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"")
        func say(_ frames: [[UInt8]]) throws {
            let connection = try RawConnection(daemon.ingest[0])
            // Who it is, namely nobody; then each frame's length, which counts the flags, the flags (1: more follow), and its bytes.
            var bytes: [UInt8] = [1, 0]
            for (index, frame) in frames.enumerated() { bytes += [UInt8(frame.count + 1), index + 1 < frames.count ? 1 : 0] + frame }
            let messages = try daemon.status()["messages"]
            connection.send(bytes)
            _ = try daemon.waitForStatus("the message") { $0["messages"] == messages + 1 }
        }
        let sample = Sample(stream: "watch/1", values: Array(Bundled.recording(1)[..<6]), seq: 0, ts: 5, boot: 7)
        try say(sample.frames(.one))
        try say([Array("nobody/1".utf8), [0, 0, 0, 0]])
        try say([[0xFF]])
        let status = try daemon.status()
        #expect(status.arrived == 1 && status.dropped["unknown_route"] == 1 && status.dropped["malformed"] == 1 && status.droppedTotal == 2, "\(status)")
    }

    @Test("a frame over max_message ends its own connection, and nobody else's")
    func oversized() throws {
        let scene = try Scene(more: "[limits]\nmax_message = \"64KiB\"\n")
        let other = try Device(scene.daemon.ingest[0], in: scene.daemon.context)
        try other.send([Array("watch/other".utf8), [UInt8](repeating: 0, count: 65_537)])
        // The connection is made anew. What was on its way in the old one is lost with it, so it takes some tries.
        try scene.daemon.waitForStatus("a message of the new connection") { status in
            _ = try? other.socket.sendMultipart([Array("other/1".utf8), [UInt8](repeating: 0, count: 65_536)])
            return status.dropped["unknown_route"] ?? 0 > 0
        }
        let after = try scene.daemon.status()
        #expect(after.dropped["malformed"] == 0)
        #expect(after.timesteps == scene.status.timesteps)
        #expect(after["streams"] == 1)
        try scene.expectUnchanged()
    }

    @Test("a value that is not finite is rejected only where it is read, and the update stays due")
    func notFinite() throws {
        let daemon = try RunningDaemon()
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(3)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/1")
        // Nobody reads the NaNs of skipped timesteps.
        let read = Set(oracle.read)
        for timestep in 0..<(values.count / 6) {
            let row = read.contains(timestep) ? Array(values[(timestep * 6)..<((timestep + 1) * 6)]) : [Float](repeating: .nan, count: 6)
            try device.send(Sample(stream: "watch/1", values: row, seq: UInt64(timestep), ts: Int64(timestep) * oracle.interval))
        }
        #expect(try subscriber.receive(oracle.results.count).map { try $0.result } == oracle.results)
        try device.send(Sample(stream: "watch/2", values: [1, 2, .infinity, 4, 5, 6], seq: 0))
        let event = try subscriber.receive(1)[0]
        #expect(event.topic == "event/watch/2")
        #expect(event.body == "{\"stream\":\"watch/2\",\"event\":\"rejected\",\"seq\":0,\"reason\":\"a value is not finite or too large\"}")
        #expect(try daemon.stream("watch/2")["due_seq"] == "0")
        #expect(try daemon.status().timesteps["rejected"] == 1)
    }

    @Test("the log has at most a line a second for each cause, and all messages are in its counts")
    func log() throws {
        let scene = try Scene()
        let start = ContinuousClock.now
        for _ in 0..<3_000 {
            try scene.device.send([Array("a\n\"b".utf8)])
            try scene.device.send([Array("nobody/1".utf8), []])
        }
        _ = try scene.daemon.waitForStatus("the messages") { $0["messages"] == Scene.half + 6_000 }
        #expect(scene.daemon.stop() == 0)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let lines = scene.daemon.log.split(separator: "\n").filter { $0.contains("dropped a message") }
        for cause in ["malformed", "unknown_route"] {
            let own = lines.filter { $0.contains("as \(cause):") }
            #expect(!own.isEmpty && Double(own.count) <= seconds + 2)
            let counts = own.map { line in 1 + (line.firstMatch(of: /and (\d+) more/).flatMap { Int($0.1) } ?? 0) }
            #expect(counts.reduce(0, +) == 3_000, "\(own)")
        }
        #expect(lines.contains { $0.contains("stream \"a\\u{a}\\u{22}b\"") })
    }

    @Test("a name that turns the direction of writing round is spelled out in the log", arguments: ["\u{202E}", "\u{2066}", "\u{200F}", "\u{2028}"])
    func direction(character: String) throws {
        let scene = try Scene()
        try scene.device.send([Array("nobody/\(character)gpj.exe".utf8), []])
        _ = try scene.daemon.waitForStatus("the message") { $0["messages"] == Scene.half + 1 }
        #expect(scene.daemon.stop() == 0)
        let scalar = try #require(character.unicodeScalars.first)
        #expect(scene.daemon.log.contains("stream \"nobody/\\u{\(String(scalar.value, radix: 16))}gpj.exe\" as unknown_route"))
        #expect(!scene.daemon.log.unicodeScalars.contains(scalar))
    }
}
