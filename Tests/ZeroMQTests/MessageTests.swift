import Testing
import ZeroMQ

@Suite struct MessageTests {
    @Test("a message's bytes stay where they are while other messages are received", arguments: [8, 29, 200, 100_000])
    func bytesStay(length: Int) throws {
        let (pull, push) = try connectedPair(.pull, .push)
        for value in 0..<64 as Range<UInt8> { #expect(try push.socket.send([UInt8](repeating: value, count: length), wait: true)) }
        // A block of messages as the daemon's loop keeps it: the pointers are taken first and read when all are there.
        var block = InlineArray<64, Message> { _ in Message() }
        var views: [UnsafeRawBufferPointer] = []
        for index in 0..<64 {
            #expect(try pull.socket.receive(into: &block[index], wait: true))
            views.append(block[index].bytes)
        }
        for (index, view) in views.enumerated() {
            #expect(view.count == length && view.allSatisfy { $0 == UInt8(index) })
        }
        #expect(block[63].count == length)
    }

    @Test("a cleared message is empty and can be received into again")
    func clear() throws {
        let (pull, push) = try connectedPair(.pull, .push)
        var message = Message()
        for value: UInt8 in [1, 2] {
            #expect(try push.socket.send([value], wait: true))
            #expect(try pull.socket.receive(into: &message, wait: true))
            #expect(Array(message.bytes) == [value])
            message.clear()
            #expect(message.count == 0)
        }
    }

    @Test("a received message knows its peer's address, and has no property nobody set")
    func properties() throws {
        let (pull, push) = try connectedPair(.pull, .push)
        #expect(try push.socket.send([1], wait: true))
        var message = Message()
        #expect(try pull.socket.receive(into: &message, wait: true))
        #expect(message.property("Peer-Address") == "127.0.0.1")
        #expect(message.property("User-Id") == nil)
        #expect(message.withProperty("Peer-Address") { $0.map { String(decoding: $0, as: UTF8.self) } } == "127.0.0.1")
        #expect(message.withProperty("X-Nothing") { $0 == nil })
    }
}
