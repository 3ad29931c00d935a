import ArgumentParser
import Glibc
import SkipConfiguration
import ZeroMQ

/// Where commands that act on the daemon find it, and how long they wait for it.
struct ControlArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's control socket; by default the configuration says.", valueName: "endpoint"))
    var control: Endpoint?
    @Option(help: ArgumentHelp("How long to wait for an answer. (default: 5s)", valueName: "time"), transform: duration)
    var timeout: Duration = .seconds(5)
    @OptionGroup var configuration: ConfigurationArguments

    func client() throws -> ControlClient {
        try ControlClient(control ?? configuration.load().control.bind.reachable, timeout: timeout)
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
    /// - Throws: `CommandFailure` with the daemon's own sentence where it refuses.
    func ask(_ operation: String, _ arguments: (inout JSONObject) -> Void = { _ in }) throws -> JSONValue {
        var request = JSONObject()
        request.add("op", operation)
        arguments(&request)
        let deadline = ContinuousClock.now + timeout
        guard try socket.sendMultipart([Array(request.text.utf8)]) else { throw Self.silence(endpoint) }
        var poller = Poller(capacity: 1)
        poller.add(socket)
        var reply: [[UInt8]]?
        while reply == nil {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw Self.silence(endpoint) }
            _ = try poller.wait(timeout: left)
            reply = try socket.receiveMultipart()
        }
        guard let bytes = reply?.last, let value = JSONValue(bytes), let isDone = value["ok"]?.bool else {
            throw CommandFailure("what answers at \(endpoint) is not skipd")
        }
        guard isDone else { throw CommandFailure(value["error"]?.string ?? "skipd refuses without saying why") }
        return value
    }

    private static func silence(_ endpoint: Endpoint) -> CommandFailure {
        CommandFailure("no skipd answers at \(endpoint): is it running? `systemctl status skipd` tells")
    }
}
