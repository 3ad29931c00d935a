import Foundation
import SkipRNN
import SkipStream
import Testing
import TestSupport
import ZeroMQ

@Suite(.serialized) struct ControlTests {
    /// A daemon with streams `watch/0` … that have had different numbers of timesteps.
    private func daemon(streams: Int) throws -> RunningDaemon {
        let daemon = try RunningDaemon()
        let device = try Device(daemon.ingest[0], in: daemon.context)
        for stream in 0..<streams { try device.send(Sample(stream: "watch/\(stream)", values: [Float](repeating: 1, count: 6 * (1 + stream % 50)), seq: 0)) }
        try daemon.waitForStatus("the streams") { $0["streams"] == streams }
        return daemon
    }

    private func exchange(_ daemon: RunningDaemon, _ kind: Socket.Kind, _ frames: [[UInt8]]) throws -> [[UInt8]] {
        let socket = try Socket(kind, in: daemon.context)
        try socket.set(.linger, .zero)
        try socket.set(.receiveTimeout, RunningDaemon.patience)
        try socket.connect(daemon.controlEndpoint)
        guard try socket.sendMultipart(frames, wait: true), let reply = try socket.receiveMultipart(wait: true) else { throw TestFailure("no reply") }
        return reply
    }

    @Test("REQ and DEALER, with and without an empty frame, get the same reply")
    func sockets() throws {
        let daemon = try daemon(streams: 1)
        let request = Array("{\"op\":\"models\"}".utf8)
        let req = try exchange(daemon, .req, [request])
        let dealer = try exchange(daemon, .dealer, [request])
        let delimited = try exchange(daemon, .dealer, [[], request])
        #expect(req.count == 1 && String(decoding: req[0], as: UTF8.self).contains("\"ok\":true"))
        #expect(dealer == req)
        #expect(delimited == [[]] + req)
    }

    @Test("a malformed request is refused with one sentence, and the next one is answered")
    func malformed() throws {
        let daemon = try daemon(streams: 1)
        var generator = SplitMix.forTest()
        let socket = try Socket(.dealer, in: daemon.context)
        try socket.set(.linger, .zero)
        try socket.set(.receiveTimeout, RunningDaemon.patience)
        try socket.connect(daemon.controlEndpoint)
        func refused(_ frames: [[UInt8]], found: Bool? = nil) throws -> String {
            guard try socket.sendMultipart(frames, wait: true), let reply = try socket.receiveMultipart(wait: true)?.last else { throw TestFailure("no reply") }
            let object = try JSONSerialization.jsonObject(with: Data(reply)) as? [String: Any]
            #expect(object?["ok"] as? Bool == false, "\(frames)")
            if let found { #expect(object?["found"] as? Bool == found, "\(frames)") }
            return object?["error"] as? String ?? ""
        }
        #expect(try refused([Array("{\"op\":\"statsu\"}".utf8)]) == "there is no operation \"statsu\"; there are \(ControlRequest.Operation.allCases.map(\.rawValue).joined(separator: ", "))")
        #expect(try refused([Array("{}".utf8)]) == "the request has no \"op\"")
        #expect(try refused([Array("{\"op\":7}".utf8)]) == "\"op\" in the request is not of the type it should be")
        #expect(try refused([Array("{\"op\":\"streams\",\"limit\":\"many\"}".utf8)]) == "\"limit\" in the request is not of the type it should be")
        #expect(try refused([Array("{\"op\":\"streams\",\"limit\":0}".utf8)]) == "limit is 0, a number from 1 to 10000 was expected")
        #expect(try refused([Array("{\"op\":\"streams\",\"limit\":10001}".utf8)]) == "limit is 10001, a number from 1 to 10000 was expected")
        #expect(try refused([Array("{\"op\":\"streams\",\"sort\":\"colour\"}".utf8)]).hasPrefix("sort is \"colour\"; there are name, idle,"))
        #expect(try refused([Array("{\"op\":\"streams\",\"sort\":\"name\",\"cursor\":100001}".utf8)]).hasPrefix("a sorted list ends at 100000 streams"))
        for (key, number) in [("cursor", "-1"), ("cursor", "18446744073709551616"), ("limit", "1.5"), ("limit", "1e400"), ("stretch", "1e60")] {
            #expect(try refused([Array("{\"op\":\"streams\",\"\(key)\":\(number)}".utf8)]) == "\"\(key)\" in the request is not a value it can have", "\(number)")
        }
        #expect(try refused([Array("{\"op\":\"stream\"}".utf8)]) == "stream needs \"stream\", a stream's name")
        #expect(try refused([Array("{\"op\":\"stream\",\"stream\":\"nobody\"}".utf8)]) == "there is no stream \"nobody\"")
        for request in ["{\"op\":\"stream\",\"stream\":\"nobody\"}", "{\"op\":\"reset\",\"stream\":\"nobody\"}", "{\"op\":\"stretch\",\"route\":\"nowhere\",\"stretch\":2}"] {
            #expect(try refused([Array(request.utf8)], found: false).hasPrefix("there is no "))
        }
        #expect(try refused([Array("{\"op\":\"reset\"}".utf8)]).hasPrefix("reset needs either"))
        #expect(try refused([Array("{\"op\":\"reset\",\"stream\":\"a\",\"prefix\":\"b\"}".utf8)]).hasPrefix("reset needs either"))
        #expect(try refused([Array("{\"op\":\"reset\",\"stream\":\"nobody\"}".utf8)]) == "there is no stream \"nobody\"")
        #expect(try refused([Array("{\"op\":\"checkpoint\"}".utf8)]).contains("no checkpoints"))
        #expect(try refused([Array("{\"op\":\"status\"}".utf8), Array("{\"op\":\"status\"}".utf8)]) == "a request is one frame")
        #expect(try refused([[], [], []]) == "a request is one frame")
        for text in ["", "null", "[]", "\"status\"", "{\"op\":\"status\"", String(repeating: "[", count: 60_000), String(repeating: "{\"op\":", count: 10_000)] {
            #expect(try refused([Array(text.utf8)]) == "the request is not a JSON object such as {\"op\":\"status\"}")
        }
        let valid = Array("{\"op\":\"status\",\"limit\":1}".utf8)
        for _ in 0..<1_000 {
            var request = Bool.random(using: &generator) ? valid : (0..<Int.random(in: 0...60, using: &generator)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            if !request.isEmpty { request[Int.random(in: 0..<request.count, using: &generator)] = .random(in: .min ... .max, using: &generator) }
            guard try socket.sendMultipart([request], wait: true), let reply = try socket.receiveMultipart(wait: true) else { throw TestFailure("no reply") }
            #expect(reply.count == 1)
        }
        #expect(try daemon.status()["streams"] == 1)
    }

    @Test("a request over a mebibyte ends its own connection only")
    func oversized() throws {
        let daemon = try daemon(streams: 1)
        let socket = try Socket(.dealer, in: daemon.context)
        try socket.set(.linger, .zero)
        try socket.connect(daemon.controlEndpoint)
        #expect(try socket.sendMultipart([[UInt8](repeating: 0x20, count: (1 << 20) + 1)], wait: true))
        #expect(try daemon.status()["streams"] == 1)
    }

    @Test("streams come page by page, each exactly once, in the daemon's order and in any other")
    func pages() throws {
        let daemon = try daemon(streams: 700)
        func names(_ request: String) throws -> [String] {
            var names: [String] = []
            var cursor: Int?
            repeat {
                let more = cursor.map { ",\"cursor\":\($0)" } ?? ""
                let reply = try daemon.ask("{\"op\":\"streams\",\"limit\":150\(request)\(more)}")
                let streams = reply["streams"] as? [[String: Any]] ?? []
                #expect(streams.count <= 150)
                names += streams.compactMap { $0["stream"] as? String }
                cursor = reply["cursor"] as? Int
            } while cursor != nil
            return names
        }
        let all = (0..<700).map { "watch/\($0)" }
        #expect(try names("").sorted() == all.sorted())
        #expect(try names(",\"sort\":\"name\"") == all.sorted())
        #expect(try names(",\"sort\":\"-name\"") == all.sorted().reversed())
        #expect(try names(",\"prefix\":\"watch/1\"").sorted() == all.filter { $0.hasPrefix("watch/1") }.sorted())
        let byTimesteps = (0..<700).sorted { ($0 % 50, "watch/\($0)") < ($1 % 50, "watch/\($1)") }.map { "watch/\($0)" }
        #expect(try names(",\"sort\":\"timesteps\"") == byTimesteps)
        #expect(try names(",\"sort\":\"-timesteps\"") == byTimesteps.reversed())
        #expect(try names(",\"prefix\":\"nobody\"") == [])
    }

    @Test("a stream says what is known of it")
    func stream() throws {
        let daemon = try RunningDaemon()
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(0)
        var oracle = Oracle(Bundled.model)
        oracle.run(Array(values[..<600]), stream: "watch/1")
        try device.send(Sample(stream: "watch/1", values: Array(values[..<600]), seq: 0, ts: 1_000_000_000, boot: 7))
        try daemon.waitForStatus("the samples") { $0["messages"] == 1 }
        let reply = try daemon.ask("{\"op\":\"stream\",\"stream\":\"watch/1\"}")
        let last = try #require(oracle.results.last)
        #expect(reply["ok"] as? Bool == true)
        #expect(reply["stream"] as? String == "watch/1")
        #expect(reply["model"] as? String == "watch")
        #expect(reply["label"] as? String == last.label)
        #expect((reply["p"] as? Double).map { Float($0) } == last.p)
        #expect(reply["boot"] as? Int == 7)
        #expect(reply["next_seq"] as? Int == 100)
        #expect(reply["timesteps"] as? Int == 100)
        #expect(reply["updates"] as? Int == last.updates)
        #expect(reply["n"] as? Int == oracle.results.count)
        #expect(reply["lost"] as? Int == 0 && reply["omitted"] as? Int == 0)
        #expect(reply["due_seq"] as? Int ?? 0 >= 100)
        #expect((reply["shard"] as? Int).map { 0..<1024 ~= $0 } == true)
    }

    @Test("reset returns one stream, or those of a prefix, to the initial state")
    func reset() throws {
        let daemon = try daemon(streams: 600)
        #expect(try daemon.ask("{\"op\":\"reset\",\"stream\":\"watch/7\"}")["reset"] as? Int == 1)
        #expect(try daemon.stream("watch/7")["updates"] == "0")
        #expect(try daemon.stream("watch/8")["updates"] != "0")
        #expect(try daemon.ask("{\"op\":\"reset\",\"prefix\":\"watch/1\"}")["reset"] as? Int == 111)
        #expect(try daemon.stream("watch/17")["updates"] == "0")
        #expect(try daemon.ask("{\"op\":\"reset\",\"prefix\":\"nobody\"}")["reset"] as? Int == 0)
    }

    @Test("after a drain no sample is taken, and everything else works")
    func drain() throws {
        let daemon = try daemon(streams: 3)
        let reply = try daemon.ask("{\"op\":\"drain\"}")
        #expect(reply["ok"] as? Bool == true && reply["empty"] as? Bool == true)
        #expect(try daemon.status().reply["state"] as? String == "drained")
        #expect(try daemon.ask("{\"op\":\"drain\"}")["ok"] as? Bool == true)
        #expect(try daemon.stream("watch/1")["model"] == "watch")
        #expect(daemon.stop() == 0)
    }

    @Test("status carries everything the protocol names")
    func status() throws {
        let reply = try daemon(streams: 2).status().reply
        for key in ["version", "uptime_s", "streams", "messages", "timesteps", "dropped", "lag_s", "models"] { #expect(reply[key] != nil, "\(key)") }
        #expect((reply["timesteps"] as? [String: Int])?.keys.sorted() == ["lost", "omitted", "rejected", "skipped", "stale", "updated"])
        #expect((reply["dropped"] as? [String: Int])?.keys.sorted() == ["denied", "malformed", "over_limit", "unknown_route", "wrong_features"])
        let model = (reply["models"] as? [[String: Any]])?.first
        #expect(model?["name"] as? String == "watch" && model?["identity"] as? String == Bundled.model.identity && model?["streams"] as? Int == 2)
    }
}
