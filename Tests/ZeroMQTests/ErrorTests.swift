import Testing
import ZeroMQ

@Suite struct ErrorTests {
    @Test("binding to what is no endpoint says so in one sentence", arguments: [
        ("tcp://127.0.0.1:notaport", "Invalid argument"),
        ("carrier-pigeon://coop", "Protocol not supported"),
        ("tcp://203.0.113.77:5570", "Cannot assign requested address"),
        ("nonsense", "Invalid argument"),
    ])
    func badEndpoint(endpoint: String, reason: String) throws {
        let socket = try Socket(.sub, in: Context())
        let error = #expect(throws: ZeroMQError.self) { try socket.bind(endpoint) }
        #expect(error.map(String.init(describing:)) == "ZeroMQ cannot bind to \"\(endpoint)\": \(reason)")
    }

    @Test("an address in use is an error that names it")
    func inUse() throws {
        let context = try Context()
        let first = try Socket(.pull, in: context)
        try first.bind("tcp://127.0.0.1:*")
        let endpoint = try first.lastEndpoint
        let second = try Socket(.pull, in: context)
        let error = #expect(throws: ZeroMQError.self) { try second.bind(endpoint) }
        #expect(error.map(String.init(describing:)) == "ZeroMQ cannot bind to \"\(endpoint)\": Address already in use")
        try first.unbind(endpoint)
    }

    @Test("an option out of its range is an error that names option and value")
    func badOption() throws {
        let socket = try Socket(.pull, in: Context())
        let error = #expect(throws: ZeroMQError.self) { try socket.set(.sendHighWaterMark, -5) }
        #expect(error.map(String.init(describing:)) == "ZeroMQ cannot set the send high-water mark to -5: Invalid argument")
    }

    @Test("sending on a socket that only receives is an error, not false")
    func wrongDirection() throws {
        let socket = try Socket(.pull, in: Context())
        #expect(throws: ZeroMQError.self) { try socket.send([1]) }
    }

    @Test("a context that is shut down ends a socket's calls with an error that says so")
    func shutdown() throws {
        let context = try Context()
        let socket = try Socket(.pull, in: context)
        context.shutdown()
        var message = Message()
        let error = #expect(throws: ZeroMQError.self) { try socket.receive(into: &message, wait: true) }
        #expect(error?.isContextTermination == true)
    }

    @Test("options read back as they were set")
    func options() throws {
        let socket = try Socket(.xpub, in: Context())
        try socket.set(.maxMessageSize, 5_000_000_000)
        #expect(try socket.get(.maxMessageSize) == 5_000_000_000)
        #expect(try socket.get(.linger) == nil)
        try socket.set(.linger, .milliseconds(1_500))
        #expect(try socket.get(.linger) == .milliseconds(1_500))
        try socket.set(.linger, .microseconds(1))
        #expect(try socket.get(.linger) == .milliseconds(1)) // Never rounded down to none.
        try socket.set(.heartbeatInterval, .seconds(10))
        try socket.set(.heartbeatTimeout, .seconds(30))
        try socket.set(.heartbeatTimeToLive, .seconds(60))
        #expect(try socket.get(.heartbeatTimeToLive) == .seconds(60))
        try socket.set(.tcpKeepAlive, true)
        try socket.set(.tcpKeepAliveIdle, 60)
        #expect(try socket.get(.tcpKeepAlive))
        try socket.set(.ipv6, true)
        try socket.set(.handshakeInterval, .seconds(5))
        try socket.set(.reconnectIntervalMaximum, .seconds(5))
        try socket.set(.xpubVerboser, true)
        try socket.set(.xpubNoDrop, false)
        #expect(try socket.get(.handshakeInterval) == .seconds(5))
    }
}
