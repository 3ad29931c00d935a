import Testing
import ZeroMQ

@Suite struct SecurityTests {
    @Test("a CURVE client that knows the server's key is heard, and its messages carry the User-Id that ZAP gave it")
    func userId() throws {
        let context = try Context()
        let handler = try Socket(.rep, in: context)
        try handler.set(.receiveTimeout, .seconds(10))
        try handler.bind("inproc://zeromq.zap.01")
        let serverKeys = try CurveKeyPair.random()
        let clientKeys = try CurveKeyPair.random()
        let (pull, push) = try connectedPair(.pull, .push, in: context) { server, client in
            try server.becomeCurveServer(serverKeys)
            try server.set(.zapDomain, Array("ingest".utf8))
            try client.becomeCurveClient(clientKeys, serverKey: serverKeys.publicKey)
        }
        #expect(try pull.socket.usesCurve && push.socket.usesCurve)
        #expect(try push.socket.send("secret", wait: true))
        // RFC 27: version, request id, domain, address, identity, mechanism, credentials.
        let request = try #require(try handler.receiveMultipart(wait: true))
        #expect(request[2] == Array("ingest".utf8))
        #expect(request[5] == Array("CURVE".utf8))
        #expect(Z85.encode(request[6]) == clientKeys.publicKey)
        #expect(try handler.sendMultipart([request[0], request[1], Array("200".utf8), [], Array("pump7".utf8), []], wait: true))
        var message = Message()
        #expect(try pull.socket.receive(into: &message, wait: true))
        #expect(message.bytes.elementsEqual("secret".utf8))
        #expect(message.property("User-Id") == "pump7")
    }

    @Test("the public key found for a secret key is the one it was made with")
    func publicKey() throws {
        let keys = try CurveKeyPair.random()
        #expect(try CurveKeyPair(secretKey: keys.secretKey) == keys)
        #expect(!"\(keys)".contains(keys.secretKey))
    }

    @Test("a key that isn't 40 characters of Z85 is refused before libzmq sees it", arguments: [
        "", "short", String(repeating: "a", count: 32), String(repeating: "~", count: 40),
    ])
    func badKey(key: String) throws {
        #expect(throws: ZeroMQError.self) { try CurveKeyPair(secretKey: key) }
        let socket = try Socket(.push, in: Context())
        #expect(throws: ZeroMQError.self) { try socket.becomeCurveClient(CurveKeyPair.random(), serverKey: key) }
    }

    @Test("Z85 agrees with the example of its specification")
    func z85() {
        let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
        #expect(Z85.encode(bytes) == "HelloWorld")
        #expect(Z85.decode("HelloWorld") == bytes)
        #expect(Z85.decode("Hello") != nil)
        #expect(Z85.decode("Hell") == nil)
    }
}
