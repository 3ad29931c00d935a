import Foundation
import Glibc
import Testing
import ZeroMQ

/// Peers that don't keep to the protocol, before anybody knows who they are: nothing of theirs gets in, and what they cost comes back.
@Suite(.serialized) struct StrangerTests {
    private static let brief = "handshake_timeout = \"1s\""

    /// A device gets in as ever.
    private func expectService(_ guarded: GuardedDaemon, messages: Int) throws {
        let device = try guarded.device("pump")
        try device.send(.one("watch/after", seq: 0))
        let status = try guarded.daemon.waitForStatus("the device after") { $0["messages"] > messages }
        #expect(status["messages"] == messages + 1 && status.droppedTotal == 0, "\(status)")
    }

    @Test("1,000 clients that connect and never speak are let go; descriptors and memory come back")
    func silent() throws {
        // Theirs and the daemon's, which inherits it.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], security: Self.brief)
        let process = guarded.daemon.processIdentifier
        let before = try ProcessUse(process)
        var residents = [before.resident]
        for wave in 0..<6 {
            // Half of them say as much as that they have keys.
            let crowd = try (0..<1000).map { index in
                let connection = try RawConnection(guarded.daemon.ingest[0])
                if index % 2 == 0 { connection.send(RawConnection.greeting) }
                return connection
            }
            try guarded.daemon.wait("the crowd to be in") { try ProcessUse(process).descriptors >= before.descriptors + 500 }
            // Somebody is served meanwhile.
            if wave == 1 { try expectService(guarded, messages: 0) }
            for connection in crowd { #expect(connection.waitForEnd()) }
            try guarded.daemon.wait("the descriptors", or: { "\((try? ProcessUse(process).descriptors) ?? 0) of \(before.descriptors)" }) { try ProcessUse(process).descriptors <= before.descriptors + 1 }
            residents.append(try ProcessUse(process).resident)
        }
        // What the first crowds took is used again by the next ones, as soon as the heap has found its shape, or was given back: a leak would not stop, and
        // the least that libzmq has for a connection is above 512 bytes.
        #expect(residents[6] - residents[4] < 2 * 1000 * 512, "resident \(residents)")
        try expectService(guarded, messages: 1)
    }

    @Test("frames beyond all bounds before authentication end their connection, and take no memory")
    func oversize() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], security: Self.brief)
        let process = guarded.daemon.processIdentifier
        func frame(_ flags: UInt8, _ length: UInt64) -> [UInt8] { [flags] + withUnsafeBytes(of: length.bigEndian) { Array($0) } }
        let before = try ProcessUse(process).resident
        for flags: UInt8 in [2, 3, 6] {
            for length in [UInt64.max, 1 << 63, 1 << 40, 1_048_577] as [UInt64] {
                let connection = try RawConnection(guarded.daemon.ingest[0])
                connection.send(RawConnection.greeting + frame(flags, length))
                #expect(connection.waitForEnd(), "flags \(flags), length \(length)")
            }
        }
        // As long as is allowed, and full of nothing: not how a handshake begins.
        for flags: UInt8 in [2, 6] {
            let connection = try RawConnection(guarded.daemon.ingest[0])
            connection.send(RawConnection.greeting + frame(flags, 1 << 20) + [UInt8](repeating: 0x41, count: 1 << 20))
            #expect(connection.waitForEnd())
        }
        // Announced, and never sent.
        let announced = try (0..<50).map { _ in
            let connection = try RawConnection(guarded.daemon.results[0])
            connection.send(RawConnection.greeting + frame(6, 1 << 20))
            return connection
        }
        for connection in announced { #expect(connection.waitForEnd()) }
        #expect(try ProcessUse(process).resident < before + (16 << 20))
        try expectService(guarded, messages: 0)
    }

    @Test("a handshake and its samples, recorded on the way and sent again, get nobody in")
    func replayed() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], security: Self.brief)
        let listener = try RawConnection.Listener()
        let device = try KeyedSocket(.push, listener.endpoint, keys: guarded.keyPair("pump"), serverKey: guarded.server.publicKey, in: guarded.daemon.context)
        try device.post(.one("watch/1", seq: 0))
        let near = try listener.accept()
        let far = try RawConnection(guarded.daemon.ingest[0])
        var recorded: [UInt8] = []
        while try guarded.daemon.status()["messages"] < 1 {
            var polled = [near, far].map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, 2, 50) > 0 else { continue }
            if polled[0].revents != 0 {
                let bytes = try #require(near.receive())
                recorded += bytes
                far.send(bytes)
            }
            if polled[1].revents != 0 { near.send(try #require(far.receive())) }
        }
        // The greeting, HELLO, INITIATE, and the sample.
        #expect(recorded.count > 64 + 200 + 257)
        let before = try guarded.daemon.stream("watch/1")
        for _ in 0..<3 {
            let again = try RawConnection(guarded.daemon.ingest[0])
            again.send(recorded)
            #expect(again.waitForEnd())
        }
        // Byte by byte as well, as slowly as the original came.
        let slowly = try RawConnection(guarded.daemon.ingest[0])
        slowly.send(Array(recorded[..<64]))
        _ = slowly.receive()
        slowly.send(Array(recorded[64...]))
        #expect(slowly.waitForEnd())
        #expect(try guarded.daemon.stream("watch/1") == before)
        try expectService(guarded, messages: 1)
    }

    @Test("a greeting of another mechanism, of an older protocol, and of none at all ends its connection")
    func otherProtocols() throws {
        let guarded = try GuardedDaemon(["pump": "publish=[\"watch/**\"]"], security: Self.brief)
        let null = RawConnection.greeting.prefix(12) + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
        let ready: [UInt8] = [4, 26] + Array("\u{5}READY".utf8) + Array("\u{b}Socket-Type".utf8) + [0, 0, 0, 4] + Array("PUSH".utf8)
        let sample = Sample.one("watch/stranger", seq: 0).frames(.one)[0]
        // ZMTP 1.0 has no mechanism: a length, flags, and the message.
        let old: [UInt8] = [1, 0, UInt8(sample.count + 1), 0] + sample
        for bytes in [Array(null) + ready + [0, UInt8(sample.count)] + sample, old, Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), [UInt8](repeating: 0xff, count: 4096), Array(RawConnection.greeting.dropLast(20)) + [1]] {
            let connection = try RawConnection(guarded.daemon.ingest[0])
            connection.send(bytes)
            #expect(connection.waitForEnd())
        }
        try expectService(guarded, messages: 0)
    }
}
