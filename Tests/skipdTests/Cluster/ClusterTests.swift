import Foundation
import NATS
import NATSServer
import Testing
import ZeroMQ

/// Gateways and workers as processes, on one real nats-server.
@Suite(.serialized, .enabled(if: NATSServer.isInstalled, "nats-server is not installed")) struct ClusterTests {
    /// A server, and what runs on it.
    private struct Cluster {
        let server: NATSServer
        let connection: NATSConnection

        init() throws {
            server = try NATSServer()
            connection = try NATSConnection(.init(servers: [server.url], name: "test"))
        }

        func start(_ role: String, checkpoint: String = "1s", more: String = "") throws -> RunningDaemon {
            try RunningDaemon(configuration: { folder in
                RunningDaemon.configuration(folder, more: "[cluster]\nrole = \"\(role)\"\nservers = [\"\(server.url)\"]\nlease = \"2s\"\n\(more)")
                    .replacingOccurrences(of: "directory = \"\"", with: "directory = \"\"\ncheckpoint_interval = \"\(checkpoint)\"")
            })
        }

        private func ask(_ subject: String, _ body: String = "") throws -> [String: Any] {
            let message = try connection.request(subject, body)
            return try JSONSerialization.jsonObject(with: Data(message.copiedBytes)) as? [String: Any] ?? [:]
        }

        func count(_ stream: String) throws -> Int { (try ask("$JS.API.STREAM.INFO.\(stream)")["state"] as? [String: Any])?["messages"] as? Int ?? -1 }

        /// A bucket's or a stream's messages, in order.
        func messages(_ stream: String) throws -> [(subject: String, body: [String: Any])] {
            let state = try ask("$JS.API.STREAM.INFO.\(stream)")["state"] as? [String: Any] ?? [:]
            guard let first = state["first_seq"] as? Int, let last = state["last_seq"] as? Int, first <= last else { return [] }
            return try (first...last).compactMap { sequence in
                guard let message = try ask("$JS.API.STREAM.MSG.GET.\(stream)", "{\"seq\":\(sequence)}")["message"] as? [String: Any], let subject = message["subject"] as? String else { return nil }
                let data = (message["data"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
                return (subject, (try? JSONSerialization.jsonObject(with: data) as? [String: Any]) ?? [:])
            }
        }

        /// How many shards each worker has.
        func owners() throws -> [String: Int] {
            try messages("KV_skipd-shards").reduce(into: [:]) { $0[$1.body["owner"] as? String ?? "?", default: 0] += 1 }
        }

        /// Waits until each of so many workers has its share of the shards.
        func waitForWorkers(_ count: Int, _ daemon: RunningDaemon) throws {
            var last: [String: Int] = [:]
            try daemon.wait("\(count) workers to have all shards", or: { "\(last)" }) {
                last = try owners()
                return last[""] == nil && last.count == count && last.values.allSatisfy { abs($0 - 1024 / count) <= 1 }
            }
        }

        /// Expects of each stream exactly what feeding its timesteps one by one gives.
        func expectResults(_ streams: [String: [Float]], _ daemon: RunningDaemon) throws {
            var oracles: [String: Oracle] = [:]
            for (name, values) in streams {
                var oracle = Oracle(Bundled.model)
                oracle.run(values, stream: name)
                oracles[name] = oracle
            }
            let wanted = oracles.values.reduce(0) { $0 + $1.results.count }
            try daemon.wait("\(wanted) results", or: { "there are \((try? count("skipd-results")) ?? -1)" }) { try count("skipd-results") >= wanted }
            var found: [String: [[String: Any]]] = [:]
            for message in try messages("skipd-results") { found[message.body["stream"] as? String ?? "?", default: []].append(message.body) }
            for (name, oracle) in oracles {
                #expect(found[name]?.map { $0["n"] as? Int } == oracle.results.map(\.n), "\(name)")
                #expect(found[name]?.map { $0["seq"] as? Int } == oracle.results.map(\.seq), "\(name)")
                #expect(found[name]?.map { ($0["p"] as? Double).map { Float($0) } } == oracle.results.map(\.p), "\(name)")
            }
            #expect(found.count == streams.count)
        }
    }

    /// Streams with recordings, and the pieces of them that a device sends, round by round.
    private static func traffic(_ count: Int) -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { ("watch/\($0)/a b", Bundled.recording($0 % 7)) })
    }

    private func send(_ streams: [String: [Float]], part: Range<Double>, to device: Device, form: Sample.Form = .one) throws {
        let piece = 25 * 6
        for (name, values) in streams.sorted(by: { $0.key < $1.key }) {
            let pieces = values.count / piece
            for index in Int(part.lowerBound * Double(pieces))..<Int(part.upperBound * Double(pieces)) {
                let end = index == pieces - 1 ? values.count : (index + 1) * piece
                try device.send(Sample(stream: name, values: Array(values[(index * piece)..<end])), form)
            }
        }
    }

    @Test("what a gateway takes, in any form, comes out of a worker as if one skipd had done it all")
    func forms() throws {
        let cluster = try Cluster()
        let (gateway, worker) = (try cluster.start("gateway"), try cluster.start("worker"))
        let device = try Device(gateway.ingest[0], kind: .push, in: gateway.context)
        let streams = Self.traffic(4)
        for (form, stream) in zip(Sample.Form.allCases, streams.sorted { $0.key < $1.key }) { try send([stream.key: stream.value], part: 0..<1, to: device, form: form) }
        try cluster.expectResults(streams, worker)
        #expect(try gateway.status().droppedTotal == 0)
        #expect(try worker.status().droppedTotal == 0)
    }

    @Test("a worker that is killed is replaced, and no result is missing or doubled")
    func killed() throws {
        let cluster = try Cluster()
        let (gateway, first, second) = (try cluster.start("gateway"), try cluster.start("worker"), try cluster.start("worker"))
        try cluster.waitForWorkers(2, first)
        let device = try Device(gateway.ingest[0], kind: .push, in: gateway.context)
        let streams = Self.traffic(20)
        try send(streams, part: 0..<0.4, to: device)
        try first.waitForStatus("some samples") { $0["messages"] > 10 }
        usleep(1_500_000)
        try send(streams, part: 0.4..<0.7, to: device)
        second.signal(SIGKILL)
        try send(streams, part: 0.7..<1, to: device)
        try cluster.expectResults(streams, first)
        try cluster.waitForWorkers(1, first)
    }

    @Test("a worker that stops hands its shards over with their states, so that nothing is worked off twice")
    func handOver() throws {
        let cluster = try Cluster()
        let (gateway, first) = (try cluster.start("gateway"), try cluster.start("worker", checkpoint: "1h"))
        let device = try Device(gateway.ingest[0], kind: .push, in: gateway.context)
        let streams = Self.traffic(12)
        try send(streams, part: 0..<0.5, to: device)
        let sent = try gateway.waitForStatus("all samples") { $0["messages"] == 12 * 24 || $0["messages"] > 0 }
        try first.wait("all samples") { try first.status()["messages"] == cluster.count("skipd-samples") && sent["messages"] > 0 }
        let before = try first.status()["messages"]
        #expect(first.stop() == 0)
        #expect(try cluster.owners() == ["": 1024])
        let second = try cluster.start("worker")
        try send(streams, part: 0.5..<1, to: device)
        try cluster.expectResults(streams, second)
        #expect(try second.status()["messages"] == cluster.count("skipd-samples") - before)
    }

    @Test("a worker that sleeps past its lease and wakes up publishes nothing that conflicts")
    func paused() throws {
        let cluster = try Cluster()
        let (gateway, first, second) = (try cluster.start("gateway"), try cluster.start("worker"), try cluster.start("worker"))
        try cluster.waitForWorkers(2, first)
        let device = try Device(gateway.ingest[0], kind: .push, in: gateway.context)
        let streams = Self.traffic(20)
        try send(streams, part: 0..<0.5, to: device)
        second.signal(SIGSTOP)
        try cluster.waitForWorkers(1, first)
        try send(streams, part: 0.5..<1, to: device)
        second.signal(SIGCONT)
        try cluster.expectResults(streams, first)
        try cluster.waitForWorkers(2, first)
        #expect(try cluster.count("skipd-results") == cluster.messages("skipd-results").count)
    }

    @Test("a stream that makes room and comes back begins to count its results anew, and none of them is taken for an earlier one")
    func evicted() throws {
        let cluster = try Cluster()
        let (gateway, worker) = (try cluster.start("gateway"), try cluster.start("worker", more: "[limits]\nmax_streams = 1\n"))
        let device = try Device(gateway.ingest[0], kind: .push, in: gateway.context)
        for round in 1...4 {
            for stream in ["watch/a", "watch/b"] {
                // A new stream's first timestep is always read.
                try device.send(Sample(stream: stream, values: [Float](repeating: 0, count: 6)))
                try worker.wait("round \(round)") { try worker.status()["messages"] == round * 2 - (stream == "watch/a" ? 1 : 0) }
            }
        }
        try worker.wait("8 results", or: { "there are \((try? cluster.count("skipd-results")) ?? -1)" }) { try cluster.count("skipd-results") == 8 }
        #expect(try cluster.messages("skipd-results").allSatisfy { $0.body["n"] as? Int == 1 })
    }

    @Test("where [cluster] asks for servers that aren't there, skipd says so and ends")
    func noServer() throws {
        let daemon = try RunningDaemon(more: "[cluster]\nrole = \"gateway\"\nservers = [\"nats://127.0.0.1:1\"]\n", waits: false)
        #expect(daemon.waitForEnd() == 1)
        #expect(daemon.log.contains("can't connect to NATS at nats://127.0.0.1:1"))
    }
}
