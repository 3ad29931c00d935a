import Glibc
import Testing
import ZeroMQ

@Suite struct PollerTests {
    @Test("polling silent sockets ends at the timeout with nothing ready")
    func timeout() throws {
        let (pull, _) = try connectedPair(.pull, .push)
        defer { withExtendedLifetime(pull) {} }
        var poller = Poller(capacity: 1)
        poller.add(pull.socket)
        #expect(try poller.wait(timeout: .zero) == 0)
        let started = ContinuousClock.now
        #expect(try poller.wait(timeout: .milliseconds(20)) == 0)
        #expect(ContinuousClock.now - started >= .milliseconds(15)) // libzmq's clock ticks in milliseconds.
        #expect(poller.events(at: 0) == [])
    }

    @Test("of several sockets the poller names the one that has a message")
    func whichSocket() throws {
        let (silent, _) = try connectedPair(.pull, .push)
        let (pull, push) = try connectedPair(.pull, .push)
        defer { withExtendedLifetime((silent, pull)) {} }
        var poller = Poller(capacity: 2)
        poller.add(silent.socket)
        let index = poller.add(pull.socket)
        #expect(try push.socket.send([1], wait: true))
        #expect(try poller.wait(timeout: .seconds(10)) == 1)
        let readable = (silent: poller.isReadable(0), pull: poller.isReadable(index))
        #expect(readable == (false, true))
        poller.setEvents([], at: index)
        #expect(try poller.wait(timeout: .zero) == 0)
    }

    @Test("a plain file descriptor is polled beside sockets")
    func fileDescriptor() throws {
        let (pull, _) = try connectedPair(.pull, .push)
        defer { withExtendedLifetime(pull) {} }
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { _ = close($0) } }
        var poller = Poller(capacity: 2)
        poller.add(pull.socket)
        poller.add(fileDescriptor: ends[0])
        #expect(try poller.wait(timeout: .zero) == 0)
        #expect(write(ends[1], "x", 1) == 1)
        #expect(try poller.wait(timeout: .seconds(10)) == 1)
        #expect(poller.events(at: 1) == .readable)
    }

    @Test("a PUSH socket is writable only once somebody is connected")
    func writable() throws {
        let (pull, push) = try connectedPair(.pull, .push) { _, client in try client.set(.immediate, true) }
        defer { withExtendedLifetime(pull) {} }
        var poller = Poller(capacity: 1)
        poller.add(push.socket, for: .writable)
        #expect(try poller.wait(timeout: .seconds(10)) == 1)
        #expect(try push.socket.events == .writable)
        #expect(try push.socket.fileDescriptor >= 0)
        let alone = try Socket(.push, in: Context())
        var other = Poller(capacity: 1)
        other.add(alone, for: .writable)
        #expect(try other.wait(timeout: .zero) == 0)
    }
}
