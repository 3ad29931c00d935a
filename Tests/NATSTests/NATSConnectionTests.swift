import Foundation
import NATS
import NATSServer
import Testing

/// The wrapper against a real server.
@Suite(.enabled(if: NATSServer.isInstalled, "nats-server is not installed")) struct NATSConnectionTests {
    /// Waits for the next message; nil after half a minute.
    private func next(_ connection: NATSConnection) -> NATSMessage? {
        let deadline = Date.now + 30
        while Date.now < deadline {
            if let message = connection.next() { return message }
            var item = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&item, 1, 1000)
        }
        return nil
    }

    @Test("a message comes with its bytes and headers, and an answer under the token that was asked with")
    func messages() throws {
        let server = try NATSServer()
        let connection = try NATSConnection(.init(servers: [server.url], name: "test"))
        try connection.subscribe("there")
        #expect(connection.publish("there", reply: "7", headers: [("Skipd-Header", "32")], [0, 1, 255]))
        let message = try #require(next(connection))
        #expect(message.subject == "there")
        #expect(message.copiedBytes == [0, 1, 255])
        #expect(message.header("Skipd-Header") == "32")
        #expect(message.header("Other") == nil)
        #expect(message.status == nil)
        let reply = try #require(message.reply)
        #expect(reply == connection.inbox + "7")
        connection.publish(reply, [])
        #expect(next(connection)?.subject == reply)
        #expect(connection.next() == nil)
    }

    @Test("a request that nobody answers says so")
    func noResponders() throws {
        let server = try NATSServer()
        let connection = try NATSConnection(.init(servers: [server.url], name: "test"))
        connection.publish("nobody", reply: "1", [])
        #expect(next(connection)?.status == 503)
    }

    @Test("JetStream refuses a write whose expected last sequence is not the subject's")
    func fence() throws {
        let server = try NATSServer()
        let connection = try NATSConnection(.init(servers: [server.url], name: "test"))
        let made = try connection.request("$JS.API.STREAM.CREATE.s", #"{"name":"s","subjects":["s.>"],"num_replicas":1}"#)
        #expect(!String(decoding: made.copiedBytes, as: UTF8.self).contains("error"))
        func write(_ sequence: Int) -> String {
            connection.publish("s.a", reply: "1", headers: [("Nats-Expected-Last-Subject-Sequence", "\(sequence)")], [1])
            return next(connection).map { String(decoding: $0.copiedBytes, as: UTF8.self) } ?? ""
        }
        #expect(write(0).contains(#""seq":1"#))
        #expect(write(0).contains("wrong last sequence"))
        #expect(write(1).contains(#""seq":2"#))
    }

    @Test("where no server listens the error says where")
    func nobodyListens() {
        #expect { try NATSConnection(.init(servers: ["nats://127.0.0.1:1"], name: "test")) } throws: { "\($0)".contains("nats://127.0.0.1:1") }
    }
}
