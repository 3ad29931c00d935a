import Testing
import ZeroMQ

/// Two connected sockets on loopback that keep nobody waiting when they go.
func connectedPair(
    _ server: Socket.Kind, _ client: Socket.Kind, in context: Context = try! Context(),
    prepare: (borrowing Socket, borrowing Socket) throws -> Void = { _, _ in }
) throws -> (server: SocketBox, client: SocketBox) {
    let bound = try Socket(server, in: context)
    let connected = try Socket(client, in: context)
    for option in [SocketOption<Duration?>.receiveTimeout, .sendTimeout] {
        try bound.set(option, .seconds(10))
        try connected.set(option, .seconds(10))
    }
    try bound.set(.linger, .zero)
    try connected.set(.linger, .zero)
    try prepare(bound, connected)
    try bound.bind("tcp://127.0.0.1:*")
    try connected.connect(bound.lastEndpoint)
    return (SocketBox(bound), SocketBox(connected))
}

@Suite struct SocketTests {
    @Test("what one side sends as one frame the other receives byte for byte, whatever its length")
    func sendAndReceive() throws {
        let (pull, push) = try connectedPair(.pull, .push)
        var message = Message()
        for length in [0, 1, 29, 33, 34, 255, 256, 8_192, 1 << 20] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ length) }
            #expect(try push.socket.send(bytes, wait: true))
            #expect(try pull.socket.receive(into: &message, wait: true))
            #expect(Array(message.bytes) == bytes)
            #expect(message.count == length)
            let more = message.more
            #expect(!more)
        }
    }

    @Test("a multipart message arrives with its frames in order and in one piece")
    func multipart() throws {
        let (pull, push) = try connectedPair(.pull, .push)
        let frames: [[UInt8]] = [Array("watch/7".utf8), [], [1, 2, 3], Array(repeating: 9, count: 5_000)]
        #expect(try push.socket.sendMultipart(frames, wait: true))
        #expect(try pull.socket.receiveMultipart(wait: true) == frames)
    }

    @Test("every frame of a multipart message but the last says that more follow")
    func more() throws {
        let (pull, push) = try connectedPair(.pull, .push)
        #expect(try push.socket.sendMultipart([[1], [2], [3]], wait: true))
        var message = Message()
        var flags: [Bool] = []
        repeat {
            #expect(try pull.socket.receive(into: &message, wait: true))
            flags.append(message.more)
        } while message.more
        #expect(flags == [true, true, false])
    }

    @Test("receiving without waiting from a silent socket is false, not an error")
    func nothingThere() throws {
        let (pull, _) = try connectedPair(.pull, .push)
        var message = Message()
        #expect(try pull.socket.receive(into: &message) == false)
        #expect(try pull.socket.receiveMultipart() == nil)
    }

    @Test("a receive timeout ends a waiting receive with false")
    func receiveTimeout() throws {
        let (pull, _) = try connectedPair(.pull, .push)
        try pull.socket.set(.receiveTimeout, .milliseconds(5))
        var message = Message()
        #expect(try pull.socket.receive(into: &message, wait: true) == false)
    }

    @Test("a full send high-water mark shows as false, and what was accepted before arrives")
    func highWaterMark() throws {
        let context = try Context()
        let push = try Socket(.push, in: context)
        try push.set(.linger, .zero)
        try push.set(.sendHighWaterMark, 3)
        #expect(try push.get(.sendHighWaterMark) == 3)
        let pull = try Socket(.pull, in: context)
        try pull.set(.receiveHighWaterMark, 2)
        try pull.set(.receiveTimeout, .seconds(10))
        try pull.bind("inproc://high-water")
        try push.connect("inproc://high-water")
        // In-process, the two marks add up, and no kernel buffer blurs the count.
        var accepted: UInt8 = 0
        while try push.send([accepted]) { accepted += 1 }
        #expect(accepted == 5)
        for expected in 0..<accepted { #expect(try pull.receiveMultipart(wait: true) == [[expected]]) }
    }

    @Test("a message sent whole leaves an empty message, and one that could not be sent stays as it was")
    func sendingAMessage() throws {
        let context = try Context()
        let push = try Socket(.push, in: context)
        try push.set(.linger, .zero)
        var message = try Message(copying: [UInt8](repeating: 7, count: 100))
        #expect(try push.send(&message) == false) // Nobody is connected.
        #expect(message.count == 100)
        let pull = try Socket(.pull, in: context)
        try pull.bind("inproc://whole")
        try push.connect("inproc://whole")
        #expect(try push.send(&message))
        #expect(message.count == 0)
        #expect(try pull.receiveMultipart(wait: true) == [[UInt8](repeating: 7, count: 100)])
    }

    @Test("a request and its reply pass through a ROUTER with the peer's routing id in front")
    func router() throws {
        let (router, request) = try connectedPair(.router, .req) { _, client in
            try client.set(.routingID, Array("ctl".utf8))
        }
        #expect(try request.socket.send("status", wait: true))
        let envelope = try #require(try router.socket.receiveMultipart(wait: true))
        #expect(envelope == [Array("ctl".utf8), [], Array("status".utf8)])
        #expect(try router.socket.sendMultipart([envelope[0], [], [1]], wait: true))
        #expect(try request.socket.receiveMultipart(wait: true) == [[1]])
    }

    @Test("sockets in an array of boxes are used in turn")
    func boxes() throws {
        let context = try Context()
        let boxes = try (0..<3).map { _ in SocketBox(try Socket(.pull, in: context)) }
        for (index, box) in boxes.enumerated() { try box.socket.bind("inproc://box\(index)") }
        for index in 0..<3 {
            let push = try Socket(.push, in: context)
            try push.connect("inproc://box\(index)")
            #expect(try push.send([UInt8(index)]))
        }
        for (index, box) in boxes.enumerated() { #expect(try box.socket.receiveMultipart(wait: true) == [[UInt8(index)]]) }
    }
}
