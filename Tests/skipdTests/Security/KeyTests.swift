import Foundation
import Testing
import ZeroMQ

/// Devices with real keys, at the samples' endpoint.
@Suite(.serialized) struct KeyTests {
    @Test("a device with its key gets its samples in, and the stream is that of an undisturbed one")
    func rightKey() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]", "screen": "subscribe=[\"result/watch/\"]"])
        let screen = try guarded.subscriber("screen", ["result/watch/1"])
        try guarded.daemon.waitForStatus("the subscription") { $0["subscriptions"] == 1 }
        let device = try guarded.device("pump")
        let values = Bundled.recording(1)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/1")
        for timestep in 0..<(values.count / 6) {
            try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * oracle.interval, boot: 7))
        }
        #expect(!oracle.results.isEmpty)
        #expect(try screen.receive(oracle.results.count).map { try $0.result } == oracle.results)
        #expect(try guarded.daemon.status().droppedTotal == 0)
    }

    @Test("who has no key, an unknown one, or another server's is not let in, and nothing of theirs is heard")
    func otherKeys() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], strangers: ["stranger"])
        // A key nobody has authorized.
        let stranger = try guarded.device("stranger")
        try stranger.post(.one("watch/stranger", seq: 0))
        try guarded.daemon.waitForLog("its key \(guarded.keyPair("stranger").publicKey) is not authorized")
        // An authorized key, but for another daemon than this.
        let misled = try guarded.device("pump", serverKey: CurveKeyPair.random().publicKey)
        try misled.post(.one("watch/misled", seq: 0))
        try misled.wait("the misled handshake") { $0.closed > 0 || $0.failed > 0 }
        // Plaintext.
        let plain = try KeyedSocket(.push, guarded.daemon.ingest[0], in: guarded.daemon.context)
        try plain.post(.one("watch/plain", seq: 0))
        try plain.wait("the plaintext handshake") { $0.closed > 0 || $0.failed > 0 }
        // And on the results' endpoint.
        let spy = try KeyedSocket(.sub, guarded.daemon.results[0], in: guarded.daemon.context)
        try spy.socket.subscribe([])
        try spy.wait("the spy's handshake") { $0.closed > 0 || $0.failed > 0 }
        let device = try guarded.device("pump")
        try device.send(.one("watch/right", seq: 0))
        let status = try guarded.daemon.waitForStatus("the one that may") { $0["messages"] > 0 }
        #expect(status["messages"] == 1 && status["streams"] == 1 && status["subscriptions"] == 0, "\(status)")
        for socket in [stranger, misled, plain, spy] { #expect(socket.monitor.counts.handshakes == 0) }
        #expect(guarded.daemon.isRunning)
    }

    @Test("a stream outside a device's grants is denied and counted; no stream changes, none is made, and the line names the device")
    func outsideGrants() throws {
        let guarded = try GuardedDaemon(["left": "publish=[\"watch/left/*\"]", "right": "publish=[\"watch/right/*\", \"watch/both\"]"])
        let (left, right) = (try guarded.device("left"), try guarded.device("right"))
        for seq in 0..<UInt64(50) { try right.send(.one("watch/right/1", seq: seq)) }
        try guarded.daemon.waitForStatus("what is allowed") { $0["messages"] == 50 }
        let before = try guarded.daemon.stream("watch/right/1")
        // Another's stream, a new one, one a segment too deep, one that only begins alike, and one that no route has.
        let names = ["watch/right/1", "watch/new", "watch/left/1/2", "watch/leftover/1", "watch/left", "other/1"]
        for name in names { try left.send(.one(name, seq: 50)) }
        let status = try guarded.daemon.waitForStatus("what is denied") { $0["messages"] == 50 + names.count }
        #expect(status.dropped["denied"] == names.count && status.droppedTotal == names.count, "\(status)")
        #expect(status["streams"] == 1)
        #expect(try guarded.daemon.stream("watch/right/1") == before)
        try guarded.daemon.waitForLog("dropped a message from left of stream")
        // Who is denied one stream may still publish its own, and the other's goes on.
        try left.send(.one("watch/left/1", seq: 0))
        try right.send(.one("watch/right/1", seq: 50))
        try right.send(.one("watch/both", seq: 0))
        #expect(try guarded.daemon.waitForStatus("the rest") { $0["messages"] == 53 + names.count }.droppedTotal == names.count)
        // One after the other on one stream: the answer remembered for one is not the other's.
        for seq in 51..<UInt64(60) {
            try left.send(.one("watch/right/1", seq: seq))
            try guarded.daemon.waitForStatus("the denied one") { $0.dropped["denied"] == names.count + Int(seq - 50) }
            try right.send(.one("watch/right/1", seq: seq))
        }
        let after = try guarded.daemon.waitForStatus("all of them") { $0["messages"] == 53 + names.count + 18 }
        #expect(after.dropped["denied"] == names.count + 9)
    }

    @Test("a key taken out loses its rights with the reload: on the connection that stands, and for another")
    func revoked() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]", "other": "publish=[\"watch/**\"]"])
        let (pump, other) = (try guarded.device("pump"), try guarded.device("other"))
        for seq in 0..<UInt64(10) { try pump.send(.one("watch/1", seq: seq)) }
        try guarded.daemon.waitForStatus("what is allowed") { $0["messages"] == 10 }
        let before = try guarded.daemon.stream("watch/1")
        try guarded.authorize(["pump": nil])
        for seq in 10..<UInt64(20) { try pump.send(.one("watch/1", seq: seq)) }
        let status = try guarded.daemon.waitForStatus("what is denied") { $0["messages"] == 20 }
        #expect(status.dropped["denied"] == 10)
        #expect(try guarded.daemon.stream("watch/1") == before)
        let again = try guarded.device("pump")
        try again.post(.one("watch/1", seq: 10))
        try guarded.daemon.waitForLog("its key \(guarded.keyPair("pump").publicKey) is not authorized")
        // The other one never notices, and a key that comes back has its rights again where it stands.
        try other.send(.one("watch/1", seq: 10))
        try guarded.authorize(["pump": "publish=[\"watch/**\"]"])
        try pump.send(.one("watch/1", seq: 11))
        let after = try guarded.daemon.waitForStatus("both") { $0["messages"] >= 22 && $0.arrived >= 12 }
        #expect(after.dropped["denied"] == 10)
        #expect(try guarded.daemon.stream("watch/1") != before)
    }

    @Test("keys that are wrong at a reload change nothing, and are told with file and line")
    func badReload() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"])
        let pump = try guarded.device("pump")
        try pump.send(.one("watch/1", seq: 0))
        try guarded.daemon.waitForStatus("the first") { $0["messages"] == 1 }
        let file = guarded.daemon.folder + "/authorized_keys"
        try "# fine\nnonsense\n".write(toFile: file, atomically: true, encoding: .utf8)
        let reply = try guarded.daemon.ask("{\"op\":\"reload\"}")
        #expect(reply["ok"] as? Bool == false)
        #expect("\(reply["error"] ?? "")".contains("\(file):2: the line doesn't begin with a public key"))
        try pump.send(.one("watch/1", seq: 1))
        #expect(try guarded.daemon.waitForStatus("the second") { $0["messages"] == 2 }.droppedTotal == 0)
    }

    @Test("an ipc endpoint beside the guarded one asks for no key: its file's mode says who may use it")
    func ipcBeside() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/1\"]"], ingest: "bind = [\"tcp://127.0.0.1:*\", \"ipc://\(folder)/in.sock\"]\npattern = \"pull\"")
        let local = try Device("ipc://\(folder)/in.sock", in: guarded.daemon.context)
        try local.send(.one("watch/local", seq: 0))
        let pump = try guarded.device("pump")
        try pump.send(.one("watch/1", seq: 0))
        try pump.send(.one("watch/local", seq: 1))
        let status = try guarded.daemon.waitForStatus("all three") { $0["messages"] == 3 }
        #expect(status["streams"] == 2 && status.dropped["denied"] == 1, "\(status)")
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/in.sock")
        #expect(attributes[.posixPermissions] as? Int == 0o660)
    }

    @Test("addresses that are not allowed are refused, with keys and without")
    func addresses() throws {
        let shut = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], security: "allow = [\"10.0.0.0/8\", \"fd00::/8\"]")
        let refusedWithKey = try shut.device("pump")
        try refusedWithKey.post(.one("watch/1", seq: 0))
        try shut.daemon.waitForLog("from 127.0.0.1: its address is not in [security] allow")
        #expect(refusedWithKey.monitor.counts.handshakes == 0)
        // What the configuration allows is reloaded with it.
        let text = try String(contentsOfFile: shut.daemon.configurationFile, encoding: .utf8)
        try text.replacingOccurrences(of: "10.0.0.0/8", with: "127.0.0.0/8").write(toFile: shut.daemon.configurationFile, atomically: true, encoding: .utf8)
        #expect(try shut.daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true)
        let device = try shut.device("pump")
        try device.send(.one("watch/1", seq: 0))
        try shut.daemon.waitForStatus("the allowed one") { $0["messages"] == 1 }

        let plain = try RunningDaemon(more: "[security]\nallow = [\"192.0.2.7\"]\n")
        let refused = try KeyedSocket(.push, plain.ingest[0], in: plain.context)
        try refused.post(.one("watch/1", seq: 0))
        try plain.waitForLog("from 127.0.0.1: its address is not in [security] allow")
        #expect(try plain.status()["messages"] == 0 && refused.monitor.counts.handshakes == 0)
        let open = try RunningDaemon(more: "[security]\nallow = [\"127.0.0.1\"]\n")
        let allowed = try Device(open.ingest[0], in: open.context)
        try allowed.send(.one("watch/1", seq: 0))
        try open.waitForStatus("the allowed one") { $0["messages"] == 1 }
    }

    @Test("an endpoint that skipd connects to has its own grants, and one with another key than it should is not talked to")
    func peers() throws {
        let gateway = try CurveKeyPair.random()
        let context = try Context()
        var (sockets, endpoints): ([SocketBox], [String]) = ([], [])
        for keys in [gateway, try CurveKeyPair.random()] {
            let socket = try Socket(.push, in: context)
            try socket.set(.linger, .zero)
            try socket.set(.sendTimeout, RunningDaemon.patience)
            try socket.becomeCurveServer(keys)
            try socket.bind("tcp://127.0.0.1:*")
            endpoints.append(try socket.lastEndpoint)
            sockets.append(SocketBox(socket))
        }
        let peers = endpoints.map { "[[peer]]\nendpoint = \"\($0)\"\nkey = \"\(gateway.publicKey)\"\npublish = [\"watch/gate/*\"]\n" }.joined()
        let guarded = try GuardedDaemon(
            ["pump": "publish=[\"watch/**\"]"], ingest: "bind = [\"tcp://127.0.0.1:*\"]\nconnect = [\"\(endpoints[0])\", \"\(endpoints[1])\"]\npattern = \"pull\"", more: { _ in peers })
        for name in ["watch/gate/1", "watch/1", "watch/gate/2"] { #expect(try sockets[0].socket.sendMultipart(Sample.one(name, seq: 0).frames(.one), wait: true)) }
        let status = try guarded.daemon.waitForStatus("the gateway's") { $0["messages"] == 3 }
        #expect(status["streams"] == 2 && status.dropped["denied"] == 1, "\(status)")
        // The impostor never gets a connection to send on.
        #expect(try !sockets[1].socket.sendMultipart(Sample.one("watch/gate/3", seq: 0).frames(.one)))
        try guarded.daemon.waitForLog("dropped a message from \(endpoints[0]) of stream \"watch/1\" as denied")
    }
}
