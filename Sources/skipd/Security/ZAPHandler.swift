import Synchronization
import ZeroMQ

/// Answers libzmq when somebody wants to connect: ZAP (RFC 27), on a thread of its own, at the context's `inproc://zeromq.zap.01`.
///
/// It listens from its making on, so that no endpoint bound later is without it.
final class ZAPHandler: Sendable {
    private let registry: AccessRegistry
    private let refusals: RefusalLog
    private let wakeUp: WakeUp
    private let isStopped = Atomic<Bool>(false)
    private let socket: Mutex<Handle?>

    private struct Handle: @unchecked Sendable { // Handed from the thread that makes the handler to the handler's own, once.
        let box: SocketBox
    }

    init(_ registry: AccessRegistry, _ refusals: RefusalLog, in context: Context) throws(DaemonError) {
        do throws(ZeroMQError) {
            let box = SocketBox(try Socket(.rep, in: context))
            try box.socket.set(.linger, .zero)
            try box.socket.bind("inproc://zeromq.zap.01")
            socket = Mutex(Handle(box: box))
        } catch {
            throw DaemonError("[security]: \(error)")
        }
        wakeUp = try WakeUp()
        self.registry = registry
        self.refusals = refusals
    }

    /// Runs until it is asked to stop: after everything that listens.
    func run() async throws(DaemonError) { try await DedicatedThread.run("access") { self.serve() } }

    /// Makes it end. Callable from any thread.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wakeUp.signal()
    }

    private func serve() {
        let taken = socket.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let box = taken?.box else { preconditionFailure("a ZAP handler runs once") }
        var poller = Poller(capacity: 2)
        wakeUp.join(&poller)
        poller.add(box.socket)
        while !isStopped.load(ordering: .acquiring) {
            // Fails only when the context ends, and nobody can connect then.
            do throws(ZeroMQError) {
                _ = try poller.wait(timeout: nil)
                wakeUp.clear()
                while let request = try box.socket.receiveMultipart() { _ = try box.socket.sendMultipart(answer(request)) }
            } catch {
                return
            }
        }
    }

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
