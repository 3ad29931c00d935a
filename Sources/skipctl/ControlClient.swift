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
    @Option(help: ArgumentHelp("How long to wait for an answer; by default 5s for a sign of life, and then as long as it takes.", valueName: "time"), transform: duration)
    var timeout: Duration?
    @OptionGroup var configuration: ConfigurationArguments

    func client() throws -> ControlClient {
        try ControlClient(control ?? configuration.load().control.bind.reachable, timeout: timeout)
    }
}

/// One side of the conversation with a daemon: a request, a reply.
struct ControlClient: ~Copyable {
    private let socket: Socket
    private let endpoint: Endpoint
    private let timeout: Duration?

    /// How long a daemon may be silent, where nobody has said.
    private static let patience = Duration.seconds(5)

    /// - Parameter timeout: for an answer; nil for as long as the daemon shows that it lives.
    init(_ endpoint: Endpoint, timeout: Duration?) throws {
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
        guard try socket.sendMultipart([Array(JSONEncoder().encode(request))]) else { throw Self.silence(endpoint) }
        let bytes = try answer(to: request)
        guard let json = JSONValue(bytes), let outcome = try? JSONDecoder().decode(ControlOutcome.self, from: Data(bytes)) else {
            throw CommandFailure("what answers at \(endpoint) is not skipd")
        }
        if outcome.found == false, let sentence = outcome.error {
            throw CommandFailure(sentence, status: .nothingMatched)
        }
        guard outcome.ok else { throw CommandFailure(outcome.error ?? "skipd refuses without saying why") }
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(bytes)) else {
            throw CommandFailure("skipd at \(endpoint) answers what this skipctl (\(version)) doesn't understand; are both of one version?")
        }
        return (reply, json)
    }

    /// Waits for the answer. Reading large models or writing many states takes its time: a daemon that answers other questions meanwhile is
    /// still at it, one that doesn't is none.
    private func answer(to request: ControlRequest) throws -> [UInt8] {
        let isQuick = request.operation == .status
        while true {
            if let frames = try receive(for: timeout ?? Self.patience) { return frames.last ?? [] }
            guard !isQuick, (try? ControlClient(endpoint, timeout: timeout ?? Self.patience).ask(ControlRequest(.status), for: ControlOutcome.self)) != nil else { throw Self.silence(endpoint) }
            guard timeout == nil else {
                throw CommandFailure("skipd is still busy with \(request.op) and goes on; give it more than this --timeout", status: .nothingMatched)
            }
        }
    }

    /// - Returns: nil where the time has run out.
    private func receive(for time: Duration) throws -> [[UInt8]]? {
        let deadline = ContinuousClock.now + time
        var poller = Poller(capacity: 1)
        poller.add(socket)
        while true {
            if let frames = try socket.receiveMultipart() { return frames }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            _ = try poller.wait(timeout: left)
        }
    }

    private static func silence(_ endpoint: Endpoint) -> CommandFailure {
        CommandFailure("no skipd answers at \(endpoint): is it running? `systemctl status skipd` tells")
    }
}
