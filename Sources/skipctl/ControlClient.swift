import ArgumentParser
import FoundationEssentials
import Glibc
import SkipConfiguration
import SkipStream
import ZeroMQ

/// Where commands that act on the daemon find it, and how long they wait for it.
struct ControlArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's control socket; by default the configuration says.", valueName: "endpoint"))
    var control: Endpoint?
    @Option(help: ArgumentHelp("How long to wait for an answer. (default: 5s)", valueName: "time"), transform: duration)
    var timeout: Duration?
    @OptionGroup var configuration: ConfigurationArguments

    func client() throws -> ControlClient {
        try ControlClient(control ?? configuration.load().control.bind.reachable, timeout: timeout ?? .seconds(5))
    }
}

/// One side of the conversation with a daemon: a request, a reply.
struct ControlClient: ~Copyable {
    private let socket: Socket
    private let endpoint: Endpoint
    private let timeout: Duration

    init(_ endpoint: Endpoint, timeout: Duration) throws {
        // libzmq tries again and again where a socket file isn't there or is closed to us: say so at once.
        if case .ipc(let path) = endpoint, !path.hasPrefix("@"), access(path, R_OK | W_OK) != 0 {
            let reason = errno
            guard reason == EACCES else { throw Self.silence(endpoint) }
            throw CommandFailure("\(endpoint): \(String(cString: strerror(reason))); run skipctl as root or as a member of the socket's group")
        }
        let socket = try Socket(.dealer, in: Context())
        try socket.set(.linger, .zero)
        try socket.set(.ipv6, endpoint.isIPv6)
        try socket.connect(endpoint.text)
        self.socket = socket
        self.endpoint = endpoint
        self.timeout = timeout
    }

    /// Asks and waits for the answer.
    /// - Returns: the reply, and the same as it came.
    /// - Throws: `CommandFailure` with the daemon's own sentence where it refuses.
    func ask<Reply: Decodable>(_ request: ControlRequest, for type: Reply.Type = Reply.self) throws -> (reply: Reply, json: JSONValue) {
        let deadline = ContinuousClock.now + timeout
        guard try socket.sendMultipart([Array(JSONEncoder().encode(request))]) else { throw Self.silence(endpoint) }
        var poller = Poller(capacity: 1)
        poller.add(socket)
        var frames: [[UInt8]]?
        while frames == nil {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw Self.silence(endpoint) }
            _ = try poller.wait(timeout: left)
            frames = try socket.receiveMultipart()
        }
        let bytes = frames?.last ?? []
        guard let json = JSONValue(bytes), let outcome = try? JSONDecoder().decode(ControlOutcome.self, from: Data(bytes)) else {
            throw CommandFailure("what answers at \(endpoint) is not skipd")
        }
        guard outcome.ok else { throw CommandFailure(outcome.error ?? "skipd refuses without saying why") }
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(bytes)) else {
            throw CommandFailure("skipd at \(endpoint) answers what this skipctl (\(version)) doesn't understand; are both of one version?")
        }
        return (reply, json)
    }

    private static func silence(_ endpoint: Endpoint) -> CommandFailure {
        CommandFailure("no skipd answers at \(endpoint): is it running? `systemctl status skipd` tells")
    }
}
