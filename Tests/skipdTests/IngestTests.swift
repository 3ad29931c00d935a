import Foundation
import Testing
import ZeroMQ

/// The ways in and out.
@Suite(.serialized) struct IngestTests {
    private func expectResults(_ subscriber: Subscriber, of stream: String, _ values: [Float]) throws {
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: stream)
        #expect(!oracle.results.isEmpty)
        #expect(try subscriber.receive(oracle.results.count).map { try $0.result.p } == oracle.results.map(\.p))
    }

    @Test("several endpoints at once, tcp and ipc, bound and connected to, pushed to skipd")
    func endpoints() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let gateway = "ipc://\(folder)/gateway.sock"
        let daemon = try RunningDaemon(ingest: """
            bind = ["tcp://127.0.0.1:*", "tcp://[::1]:*", "ipc://\(folder)/deep/er/ingest.sock"]
            connect = ["\(gateway)"]
            pattern = "pull"
            """)
        #expect(daemon.ingest.count == 4)
        let subscriber = try Subscriber(daemon)
        let values = Bundled.recording(0)
        for (index, endpoint) in daemon.ingest.dropLast().enumerated() {
            let device = try Device(endpoint, kind: .push, ipv6: endpoint.contains("::1"), in: daemon.context)
            try device.send(Sample(stream: "watch/\(index)", values: values))
            try expectResults(subscriber, of: "watch/\(index)", values)
        }
        // A gateway that starts after skipd.
        let push = try Socket(.push, in: daemon.context)
        try push.set(.linger, .zero)
        try push.bind(gateway)
        #expect(try push.sendMultipart(Sample(stream: "watch/9", values: values).frames(.two), wait: true))
        try expectResults(subscriber, of: "watch/9", values)
        #expect(try FileManager.default.attributesOfItem(atPath: folder + "/deep/er/ingest.sock")[.posixPermissions] as? Int == 0o660)
    }

    @Test("devices that publish are heard once skipd's subscription has reached them")
    func published() throws {
        let daemon = try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]")
        let subscriber = try Subscriber(daemon)
        let device = try Socket(.xpub, in: daemon.context)
        try device.set(.linger, .zero)
        try device.connect(daemon.ingest[0])
        #expect(try device.receiveMultipart(wait: true) == [[1]])
        let values = Bundled.recording(1)
        for form in Sample.Form.allCases {
            #expect(try device.sendMultipart(Sample(stream: "watch/\(form)", values: values).frames(form)))
            try expectResults(subscriber, of: "watch/\(form)", values)
        }
    }

    @Test("a subscriber gets the topics it asked for, and results nobody wants are counted")
    func subscriptions() throws {
        let daemon = try RunningDaemon(route: "emit = \"end\"")
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = [Float](repeating: 0.5, count: 1200)
        try device.send(Sample(stream: "watch/unheard", values: values))
        try daemon.waitForStatus("a result") { $0["results"] == 1 }
        let seven = try Subscriber(daemon, prefixes: ["result/watch/7"])
        let rooms = try Subscriber(daemon, prefixes: ["result/watch/room1/", "event/"])
        for stream in ["watch/7", "watch/8", "watch/70", "watch/room1/a", "watch/room2/a"] { try device.send(Sample(stream: stream, values: values)) }
        #expect(try seven.receive(2).map(\.topic) == ["result/watch/7", "result/watch/70"])
        #expect(try rooms.receive(1).map(\.topic) == ["result/watch/room1/a"])
        // One subscriber leaves, the other's topics stay.
        try rooms.socket.unsubscribe("result/watch/room1/".utf8)
        try daemon.waitForStatus("the subscription's end") { $0["subscriptions"] == 2 }
        try device.send(Sample(stream: "watch/room1/a", values: values))
        try device.send(Sample(stream: "watch/7", values: values))
        #expect(try seven.receive(1)[0].result.n == 2)
        #expect(try rooms.receiveAvailable().isEmpty)
        #expect(try daemon.status()["results"] == 8)
    }

    @Test("subscribers that vanish leave no subscription behind")
    func vanished() throws {
        let daemon = try RunningDaemon()
        let steady = try Subscriber(daemon, prefixes: ["result/"])
        for _ in 0..<5 {
            var passing: Subscriber? = try Subscriber(daemon, prefixes: ["result/", "event/"], newPrefixes: 1)
            #expect(passing != nil)
            passing = nil
            try daemon.waitForStatus("one subscription") { $0["subscriptions"] == 1 }
        }
        let device = try Device(daemon.ingest[0], in: daemon.context)
        try device.send(Sample(stream: "watch/1", values: [1, 2, 3, 4, 5, 6]))
        #expect(try steady.receive(1)[0].topic == "result/watch/1")
    }

    @Test("what a peer sends to the results socket beside subscriptions is ignored")
    func noise() throws {
        let daemon = try RunningDaemon()
        let peer = try Socket(.xsub, in: daemon.context)
        try peer.set(.linger, .zero)
        try peer.connect(daemon.results[0])
        for frame: [UInt8] in [[], [2], [7, 7, 7], [1] + [UInt8](repeating: 0x78, count: 10_000), [1] + Array("result/".utf8)] { #expect(try peer.sendMultipart([frame], wait: true)) }
        try daemon.waitForStatus("the one subscription that can match") { $0["subscriptions"] == 1 }
        let device = try Device(daemon.ingest[0], in: daemon.context)
        try device.send(Sample(stream: "watch/1", values: [1, 2, 3, 4, 5, 6]))
        #expect(try peer.receiveMultipart(wait: true)?.first == Array("result/watch/1".utf8))
    }

    @Test("a subscriber that doesn't read slows nobody down, and sees by n what it missed")
    func slowSubscriber() throws {
        let daemon = try RunningDaemon(route: "emit = 1")
        let slow = try Socket(.sub, in: daemon.context)
        try slow.set(.linger, .zero)
        try slow.set(.receiveHighWaterMark, 10)
        try slow.set(.receiveTimeout, RunningDaemon.patience)
        try slow.subscribe("result/".utf8)
        try slow.connect(daemon.results[0])
        try daemon.waitForStatus("the subscription") { $0["subscriptions"] == 1 }
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let results = 100_000
        for message in 0..<(results / 1_000) { try device.send(Sample(stream: "watch/1", values: [Float](repeating: 1, count: 6_000), seq: UInt64(message) * 1_000)) }
        try daemon.waitForStatus("all results") { $0["results"] == results }
        var seen: [Int] = []
        try slow.set(.receiveTimeout, .milliseconds(200))
        while let frames = try slow.receiveMultipart(wait: true) { seen.append(try JSONDecoder().decode(Result.self, from: Data(frames[1])).n) }
        #expect(seen.count < results)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("without room for a new stream it is refused, or the longest idle one makes room")
    func limits() throws {
        for evict in [false, true] {
            let daemon = try RunningDaemon(more: "[limits]\nmax_streams = 10\nevict = \(evict)\n")
            let subscriber = try Subscriber(daemon, prefixes: ["event/"])
            let device = try Device(daemon.ingest[0], in: daemon.context)
            for stream in 0..<15 { try device.send(Sample(stream: "watch/\(stream)", values: [1, 2, 3, 4, 5, 6])) }
            let status = try daemon.waitForStatus("the samples") { $0["messages"] == 15 }
            #expect(status["streams"] == 10)
            #expect(status.dropped["over_limit"] == (evict ? 0 : 5))
            #expect(status["evicted"] == (evict ? 5 : 0))
            if evict { #expect(try subscriber.receive(1)[0].body.contains("\"event\":\"evicted\"")) }
        }
    }
}
