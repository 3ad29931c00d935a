import Testing
import ZeroMQ

@Suite struct SubscriptionTests {
    @Test("a subscriber receives what begins with its prefix and nothing else")
    func prefix() throws {
        let (publisher, subscriber) = try connectedPair(.xpub, .sub)
        try subscriber.socket.subscribe("result/watch/7".utf8)
        #expect(try publisher.socket.receiveMultipart(wait: true) == [[1] + Array("result/watch/7".utf8)])
        for topic in ["result/watch/8", "result/watch/70", "event/watch/7", "result/watch/7"] {
            #expect(try publisher.socket.send(topic))
        }
        #expect(try subscriber.socket.receiveMultipart(wait: true) == [Array("result/watch/70".utf8)])
        #expect(try subscriber.socket.receiveMultipart(wait: true) == [Array("result/watch/7".utf8)])
    }

    @Test("an XPUB in manual mode gives a peer only the subscription its owner grants")
    func manual() throws {
        let (publisher, subscriber) = try connectedPair(.xpub, .sub) { server, _ in try server.set(.xpubManual, true) }
        try subscriber.socket.subscribe("".utf8)
        #expect(try publisher.socket.receiveMultipart(wait: true) == [[1]])
        #expect(try publisher.socket.send("before"))
        try publisher.socket.subscribe("result/".utf8)
        #expect(try publisher.socket.send("event/a"))
        #expect(try publisher.socket.send("result/a"))
        // The subscriber itself asked for everything, so what it gets is what the publisher sent it.
        #expect(try subscriber.socket.receiveMultipart(wait: true) == [Array("result/a".utf8)])
    }

    @Test("a subscription withdrawn reaches the publisher as a frame that begins with zero")
    func unsubscribe() throws {
        let (publisher, subscriber) = try connectedPair(.xpub, .sub)
        try subscriber.socket.subscribe("a".utf8)
        #expect(try publisher.socket.receiveMultipart(wait: true) == [[1, 0x61]])
        try subscriber.socket.unsubscribe("a".utf8)
        #expect(try publisher.socket.receiveMultipart(wait: true) == [[0, 0x61]])
    }
}
