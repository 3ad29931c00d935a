import Foundation
import ZeroMQ

/// A daemon that asks for keys, with a key for each device a test names.
final class GuardedDaemon {
    let daemon: RunningDaemon
    let server: CurveKeyPair
    private let keys: [String: CurveKeyPair]
    private var rights: [String: String]

    /// - Parameters:
    ///   - rights: by device, as its line has them; `{}` in a line of authorized keys.
    ///   - security: further keys of `[security]`.
    ///   - strangers: devices with a key that isn't authorized.
    init(
        _ rights: [String: String], strangers: [String] = [], ingest: String = "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"", route: String = "emit = \"update\"",
        security: String = "", more: ((CurveKeyPair) -> String)? = nil, environment: [String: String] = [:]
    ) throws {
        let server = try CurveKeyPair.random()
        var keys: [String: CurveKeyPair] = [:]
        for name in rights.keys + strangers { keys[name] = try CurveKeyPair.random() }
        let lines = Self.lines(rights, keys)
        var failure: (any Error)?
        daemon = try RunningDaemon(configuration: { folder in
            do {
                try GuardedDaemon.writeSecret(server.secretKey, to: folder + "/server.key")
                try lines.write(toFile: folder + "/authorized_keys", atomically: true, encoding: .utf8)
            } catch { failure = error }
            let table = "[security]\nserver_key = \"server.key\"\nauthorized_keys = \"authorized_keys\"\n\(security)\n\(more?(server) ?? "")"
            return RunningDaemon.configuration(folder, ingest: ingest, route: route, more: table)
        }, environment: environment)
        if let failure { throw failure }
        (self.server, self.keys, self.rights) = (server, keys, rights)
    }

    static func writeSecret(_ text: String, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else { throw TestFailure("\(path) can't be written") }
    }

    private static func lines(_ rights: [String: String], _ keys: [String: CurveKeyPair]) -> String {
        rights.map { name, right in "\(keys[name]?.publicKey ?? "") \(name) \(right)\n" }.sorted().joined()
    }

    func keyPair(_ name: String) throws -> CurveKeyPair {
        guard let pair = keys[name] else { throw TestFailure("the test has no key for \(name)") }
        return pair
    }

    /// Gives devices other rights (nil: none, its line goes), and reloads.
    func authorize(_ changes: [String: String?]) throws {
        for (name, right) in changes { rights[name] = right }
        try Self.lines(rights, keys).write(toFile: daemon.folder + "/authorized_keys", atomically: true, encoding: .utf8)
        let reply = try daemon.ask("{\"op\":\"reload\"}")
        guard reply["ok"] as? Bool == true else { throw TestFailure("the reload failed: \(reply)") }
    }

    /// Waits for so many prefixes to be subscribed to. libzmq subscribes again, after a connection was lost, only when its socket is used.
    func waitForSubscriptions(_ count: Int, by subscribers: [KeyedSocket] = []) throws {
        try daemon.waitForStatus("\(count) subscriptions") { status in
            for subscriber in subscribers { _ = try? subscriber.socket.events }
            return status["subscriptions"] == count
        }
    }

    /// A device's socket, connected to the samples' endpoint.
    func device(_ name: String, serverKey: String? = nil) throws -> KeyedSocket {
        try KeyedSocket(.push, daemon.ingest[0], keys: keyPair(name), serverKey: serverKey ?? server.publicKey, in: daemon.context)
    }

    /// A subscriber's socket, connected to the results' endpoint. Its subscriptions may take a moment, or be refused.
    func subscriber(_ name: String, _ prefixes: [String], kind: Socket.Kind = .sub) throws -> KeyedSocket {
        let socket = try KeyedSocket(kind, daemon.results[0], keys: keyPair(name), serverKey: server.publicKey, in: daemon.context)
        for prefix in prefixes {
            if kind == .sub { try socket.socket.subscribe(Array(prefix.utf8)) } else { _ = try socket.socket.send([1] + Array(prefix.utf8), wait: true) }
        }
        return socket
    }
}

/// A client's socket with keys, or none, and a monitor that tells how its handshakes went.
final class KeyedSocket {
    let socket: Socket
    let monitor: SocketMonitor

    init(_ kind: Socket.Kind, _ endpoint: String, keys: CurveKeyPair? = nil, serverKey: String = "", in context: Context) throws {
        socket = try Socket(kind, in: context)
        try socket.set(.linger, .zero)
        try socket.set(.sendTimeout, RunningDaemon.patience)
        try socket.set(.receiveTimeout, RunningDaemon.patience)
        if let keys { try socket.becomeCurveClient(keys, serverKey: serverKey) }
        monitor = try SocketMonitor(of: socket)
        try socket.connect(endpoint)
    }

    func send(_ sample: Sample) throws {
        guard try socket.sendMultipart(sample.frames(.one), wait: true) else { throw TestFailure("a sample could not be sent") }
    }

    /// Leaves a sample for a connection that may never come.
    func post(_ sample: Sample) throws { _ = try socket.sendMultipart(sample.frames(.one)) }

    func receive(_ count: Int) throws -> [Subscriber.Message] {
        try (0..<count).map { received in
            guard let frames = try socket.receiveMultipart(wait: true), frames.count == 2 else { throw TestFailure("message \(received) of \(count) did not come") }
            return Subscriber.Message(topic: String(decoding: frames[0], as: UTF8.self), body: String(decoding: frames[1], as: UTF8.self))
        }
    }

    /// Waits until a handshake has come to an end, in one way or another.
    func wait(_ what: String, until condition: (SocketMonitor.Counts) -> Bool) throws {
        let deadline = ContinuousClock.now + RunningDaemon.patience
        while !condition(monitor.counts) {
            guard ContinuousClock.now < deadline else { throw TestFailure("waited in vain for \(what): \(monitor.counts)") }
            usleep(2_000)
        }
    }
}

extension Sample {
    /// One timestep of six features.
    static func one(_ stream: String, seq: UInt64) -> Sample { Sample(stream: stream, values: [0.5, -0.25, 9.75, 0.125, 0, -1], seq: seq, boot: 7) }
}
