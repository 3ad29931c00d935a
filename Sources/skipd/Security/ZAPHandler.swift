import ZeroMQ

/// Answers libzmq when somebody wants to connect: ZAP (RFC 27), on a thread of its own, at the context's `inproc://zeromq.zap.01`.
///
/// It listens from its making on, so that no endpoint bound later is without it.
final class ZAPHandler: Sendable {
    private let registry: AccessRegistry
    private let refusals: RefusalLog
    private let socket: ServedSocket

    init(_ registry: AccessRegistry, _ refusals: RefusalLog, in context: Context) throws(DaemonError) {
        let box: SocketBox
        do throws(ZeroMQError) {
            box = SocketBox(try Socket(.rep, in: context))
            try box.socket.set(.linger, .zero)
            try box.socket.bind("inproc://zeromq.zap.01")
        } catch {
            throw DaemonError("[security]: \(error)")
        }
        socket = try ServedSocket("access", box)
        self.registry = registry
        self.refusals = refusals
    }

    /// Runs until it is asked to stop: after everything that listens.
    func run() async throws(DaemonError) {
        try await socket.run { socket throws(ZeroMQError) in
            while let request = try socket.receiveMultipart() { _ = try socket.sendMultipart(self.answer(request)) }
        }
    }

    /// Makes it end. Callable from any thread.
    func stop() { socket.stop() }

    /// The answer to a request: version, its number, status, reason, user id, metadata.
    private func answer(_ request: [[UInt8]]) -> [[UInt8]] {
        // Version, number, domain, address, routing id, mechanism, credentials.
        guard request.count >= 6, request[0] == Array("1.0".utf8), let door = AccessRegistry.Door(rawValue: String(decoding: request[2], as: UTF8.self)) else {
            return [Array("1.0".utf8), request.count > 1 ? request[1] : [], Array("500".utf8), Array("not understood".utf8), [], []]
        }
        let address = String(decoding: request[3], as: UTF8.self)
        let isCurve = request[5] == Array("CURVE".utf8) && request.count == 7 && request[6].count == 32
        let verdict = registry.judge(key: isCurve ? Z85.encode(request[6]) : nil, address: address, door: door)
        switch verdict {
        case .letIn(let identity): return [request[0], request[1], Array("200".utf8), Array("OK".utf8), Array(identity.userID.utf8), []]
        case .refused(let reason):
            refusals.note(door, address, reason)
            // The peer isn't told why.
            return [request[0], request[1], Array("400".utf8), Array("refused".utf8), [], []]
        }
    }
}
