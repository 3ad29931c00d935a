import Foundation
import ZeroMQ

/// A subscriber to results.
final class Subscriber {
    let socket: Socket
    private let daemon: RunningDaemon

    /// Subscribes, and returns when the daemon knows of it.
    /// - Parameter newPrefixes: how many of them nobody has subscribed to; all by default.
    init(_ daemon: RunningDaemon, prefixes: [String] = [""], newPrefixes: Int? = nil) throws {
        self.daemon = daemon
        let before = try daemon.status()["subscriptions"]
        socket = try Socket(.sub, in: daemon.context)
        try socket.set(.linger, .zero)
        try socket.set(.receiveHighWaterMark, 0)
        try socket.set(.receiveTimeout, RunningDaemon.patience)
        for prefix in prefixes { try socket.subscribe(Array(prefix.utf8)) }
        try socket.connect(daemon.results[0])
        try daemon.waitForStatus("the subscription") { $0["subscriptions"] == before + (newPrefixes ?? prefixes.count) }
    }

    /// Receives so many messages; fails if they don't come.
    func receive(_ count: Int) throws -> [Message] {
        try (0..<count).map { received in
            guard let frames = try socket.receiveMultipart(wait: true) else { throw TestFailure("message \(received) of \(count) did not come; the log says:\n\(daemon.log)") }
            guard frames.count == 2 else { throw TestFailure("a message has \(frames.count) frames") }
            return Message(topic: String(decoding: frames[0], as: UTF8.self), body: String(decoding: frames[1], as: UTF8.self))
        }
    }

    /// Receives up to and with the message whose body contains a text.
    func receiveAll(until text: String) throws -> [Message] {
        var messages: [Message] = []
        repeat { messages += try receive(1) } while !(messages.last?.body.contains(text) ?? false)
        return messages
    }

    /// What has come already.
    func receiveAvailable() throws -> [Message] {
        var messages: [Message] = []
        while let frames = try socket.receiveMultipart() { messages.append(Message(topic: String(decoding: frames[0], as: UTF8.self), body: String(decoding: frames[1], as: UTF8.self))) }
        return messages
    }

    struct Message: Equatable, CustomStringConvertible {
        let topic: String
        let body: String
        var description: String { "\(topic) \(body)" }
        var result: Result { get throws { try JSONDecoder().decode(Result.self, from: Data(body.utf8)) } }
    }
}

/// A published result, every field of it.
struct Result: Codable, Equatable {
    var stream: String
    var model: String
    var n: Int
    var seq: Int
    var time: String
    var label: String
    var index: Int
    var p: Float
    var probs: [Float]?
    var updates: Int
    var timesteps: Int
    var final: Bool?
}
