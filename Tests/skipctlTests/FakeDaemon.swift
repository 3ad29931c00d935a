import Foundation
import Testing
import ZeroMQ

/// The sockets of a daemon, played by a test: what skipctl sends can be looked at, and the answers be anything.
struct FakeDaemon: ~Copyable {
    let socket: Socket
    let endpoint: String

    init(_ kind: Socket.Kind, _ folder: TemporaryFolder, _ name: String = "socket") throws {
        try self.init(kind, at: "ipc://\(folder.path(name))")
    }

    /// - Parameter address: with port 0, the system chooses one, which `endpoint` tells.
    init(_ kind: Socket.Kind, at address: String) throws {
        let socket = try Socket(kind, in: Context())
        try socket.set(.linger, .zero)
        try socket.set(.receiveTimeout, .seconds(30))
        if kind == .sub { try socket.subscribe([]) }
        try socket.bind(address)
        endpoint = try socket.lastEndpoint
        self.socket = socket
    }

    /// Waits until so many topics are subscribed to, and returns them in order of their names.
    func subscriptions(_ count: Int) throws -> [String] {
        var topics: [String] = []
        while topics.count < count {
            let frame = try #require(try socket.receiveMultipart(wait: true)?.first)
            if frame.first == 1 { topics.append(String(decoding: frame.dropFirst(), as: UTF8.self)) }
        }
        return topics.sorted()
    }

    func publish(_ topic: String, _ body: String) throws { #expect(try socket.sendMultipart([Array(topic.utf8), Array(body.utf8)])) }

    /// Publishes a result like skipd's.
    func publish(_ stream: String, n: Int = 1, label: String = "ABD") throws {
        try publish("result/\(stream)", #"{"stream":"\#(stream)","model":"watch","n":\#(n),"seq":199,"time":"2026-11-22T23:00:00.123456789Z","label":"\#(label)","index":1,"p":0.9312,"updates":41,"timesteps":200,"final":true}"#)
    }

    /// Answers a program's control requests until it ends.
    /// - Parameter later: an answer to the first request that got none, asked for again and again.
    func answer(_ program: RunningProgram, _ reply: ([String: Any]) -> String?, later: () -> String? = { nil }) throws -> RunningProgram.Outcome {
        try socket.set(.receiveTimeout, .milliseconds(20))
        var waiting: [UInt8]?
        while program.isRunning {
            if let address = waiting, let reply = later() {
                #expect(try socket.sendMultipart([address, Array(reply.utf8)]))
                waiting = nil
            }
            guard let frames = try socket.receiveMultipart(wait: true) else { continue }
            #expect(frames.count == 2, "an identity and one frame")
            let request = try #require(try JSONSerialization.jsonObject(with: Data(frames[1])) as? [String: Any])
            if let reply = reply(request) {
                #expect(try socket.sendMultipart([frames[0], Array(reply.utf8)]))
            } else {
                waiting = waiting ?? frames[0]
            }
        }
        return program.finish()
    }
}

/// One sample message of one frame, read as `docs/wire.md` draws it: not with the code under test.
struct SampleMessage: Equatable {
    let stream: String
    let flags: UInt8
    let count: Int
    let seq: UInt64
    let ts: Int64
    let boot: UInt32
    let values: [Float]

    init(_ frames: [[UInt8]]) throws {
        let bytes = try #require(frames.count == 1 ? frames[0] : nil)
        let zero = try #require(bytes.firstIndex(of: 0))
        stream = String(decoding: bytes[..<zero], as: UTF8.self)
        let header = Array(bytes[(zero + 1)..<(zero + 33)])
        func number<Number: FixedWidthInteger>(_ offset: Int, _ type: Number.Type) -> Number {
            Number(littleEndian: header.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) })
        }
        #expect(header[0...2] == [0x53, 0x4B, 1] && header[4] == 0 && header[5] == 0 && number(28, UInt32.self) == 0)
        flags = header[3]
        count = Int(number(6, UInt16.self))
        seq = number(8, UInt64.self)
        ts = number(16, Int64.self)
        boot = number(24, UInt32.self)
        let payload = Array(bytes[(zero + 33)...])
        values = stride(from: 0, to: payload.count, by: 4).map { offset in
            Float(bitPattern: UInt32(littleEndian: payload.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }))
        }
    }

    var isStart: Bool { flags & 1 != 0 }
    var isEnd: Bool { flags & 2 != 0 }
    var hasTime: Bool { flags & 4 != 0 }
    var hasNumber: Bool { flags & 8 != 0 }
}

extension FakeDaemon {
    /// Receives samples until `count` timesteps are there.
    func samples(_ count: Int) throws -> [SampleMessage] {
        var messages: [SampleMessage] = []
        var timesteps = 0
        while timesteps < count {
            let message = try SampleMessage(try #require(try socket.receiveMultipart(wait: true), "\(timesteps) of \(count) timesteps came"))
            timesteps += message.count
            messages.append(message)
        }
        return messages
    }
}
