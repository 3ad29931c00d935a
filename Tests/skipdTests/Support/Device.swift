import ZeroMQ

/// A device that pushes samples.
final class Device {
    let socket: Socket

    /// Connects to an endpoint with a PUSH socket, or another kind.
    init(_ endpoint: String, kind: Socket.Kind = .push, ipv6: Bool = false, in context: Context) throws {
        socket = try Socket(kind, in: context)
        // An object ends with its last use, which may be long before its last message is sent.
        try socket.set(.linger, RunningDaemon.patience)
        try socket.set(.sendTimeout, RunningDaemon.patience)
        try socket.set(.ipv6, ipv6)
        try socket.connect(endpoint)
    }

    /// Sends a message, waiting while its queue is full.
    func send(_ frames: [[UInt8]]) throws {
        guard try socket.sendMultipart(frames, wait: true) else { throw TestFailure("a sample could not be sent") }
    }

    func send(_ sample: Sample, _ form: Sample.Form = .one) throws { try send(sample.frames(form)) }
}
