import Foundation
import ZeroMQ

/// A client of the control socket. Each request has a socket of its own, so that one that fails leaves nothing behind.
final class Control {
    let endpoint: String
    private let context: Context

    init(_ endpoint: String, _ context: Context) {
        self.endpoint = endpoint
        self.context = context
    }

    /// Sends a request and returns its reply; fails at once if the daemon has died.
    func ask(_ request: String, while process: Process) throws -> [String: Any] {
        let socket = try Socket(.req, in: context)
        try socket.set(.linger, .zero)
        try socket.set(.receiveTimeout, .milliseconds(100))
        try socket.connect(endpoint)
        _ = try socket.send(request, wait: true)
        let deadline = ContinuousClock.now + RunningDaemon.patience
        while ContinuousClock.now < deadline {
            if let frames = try socket.receiveMultipart(wait: true) {
                guard let reply = try JSONSerialization.jsonObject(with: Data(frames[0])) as? [String: Any] else { throw TestFailure("the reply is no JSON object") }
                return reply
            }
            guard process.isRunning else { throw TestFailure("skipd has ended with status \(process.terminationStatus)") }
        }
        throw TestFailure("no answer to \(request)")
    }
}
