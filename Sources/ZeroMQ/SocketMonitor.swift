import CZeroMQ
import Glibc
import Synchronization

/// Counts what happens to a socket's connections.
///
/// libzmq reports each event through a socket that must be read, else reporting blocks its I/O thread; so each monitor has a thread of
/// its own that does nothing else. The thread ends when the monitored socket is closed or its context shut down, and not before: until
/// then it keeps the context.
///
/// ```swift
/// let monitor = try SocketMonitor(of: socket)   // Before bind, so that nothing is missed.
/// monitor.counts.current                        // How many are connected, from any thread.
/// ```
public final class SocketMonitor: Sendable {
    /// What has happened to a socket's connections since its monitor was made.
    public struct Counts: Hashable, Sendable {
        /// Connections opened, from either side, before any handshake.
        public var opened = 0
        /// Connections lost or closed, by either side.
        public var closed = 0
        /// Handshakes completed: peers that speak ZMTP and, where keys are asked for, have one that fits.
        public var handshakes = 0
        /// Handshakes refused by the ZAP handler.
        public var refused = 0
        /// Handshakes that failed otherwise: silence, a broken connection, another protocol or mechanism, a key that doesn't fit.
        public var failed = 0

        public init(opened: Int = 0, closed: Int = 0, handshakes: Int = 0, refused: Int = 0, failed: Int = 0) {
            self.opened = opened
            self.closed = closed
            self.handshakes = handshakes
            self.refused = refused
            self.failed = failed
        }

        /// Connections open now, including those still in their handshake.
        public var current: Int { opened - closed }
    }

    private let tally = Mutex(Counts())
    fileprivate let trimsHeap: Bool
    private let thread: Mutex<pthread_t?>

    /// Starts counting for `socket`, which has no other monitor. To be called by the thread that uses the socket.
    ///
    /// The corresponding C function is `zmq_socket_monitor`.
    /// - Parameter trimsHeap: Whether what closed connections leave in the process's heap is given back to the system, on the monitor's thread:
    ///   for sockets whose peers come and go for days.
    public init(of socket: borrowing Socket, trimsHeap: Bool = false) throws(ZeroMQError) {
        thread = Mutex(nil)
        self.trimsHeap = trimsHeap
        let endpoint = "inproc://ZeroMQ.SocketMonitor.\(Self.made.wrappingAdd(1, ordering: .relaxed).newValue)"
        guard zmq_socket_monitor(socket.raw, endpoint, Self.events) == 0 else { throw ZeroMQError(action: "monitor a socket") }
        let source = try Socket(.pair, in: socket.context)
        try source.connect(endpoint)
        let argument = Unmanaged.passRetained(Reader(source, self))
        var started = pthread_t()
        let failure = pthread_create(&started, nil, { argument in
            Unmanaged<Reader>.fromOpaque(argument!).takeRetainedValue().readAll()
            return nil
        }, argument.toOpaque())
        guard failure == 0 else {
            argument.release()
            throw ZeroMQError(code: failure, action: "start a thread to monitor a socket")
        }
        thread.withLock { $0 = started }
    }

    deinit {
        if let thread = thread.withLock({ $0 }) { pthread_detach(thread) }
    }

    /// The counts so far.
    public var counts: Counts { tally.withLock { $0 } }

    /// Waits until the thread has ended, after its socket was closed. Whoever wants a context to end here and now, with what its sockets
    /// still linger to send, lets the monitors' threads end first.
    public func join() {
        let joined = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let joined { pthread_join(joined, nil) }
    }

    /// How many monitors there have been: each needs an endpoint of its own, for as long as libzmq takes to forget it.
    private static let made = Atomic<Int>(0)

    private static let events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_MONITOR_STOPPED
        | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

    /// - Returns: the counts now.
    fileprivate func count(_ event: CInt) -> Counts {
        tally.withLock { counts in
            switch event {
            case ZMQ_EVENT_CONNECTED, ZMQ_EVENT_ACCEPTED: counts.opened += 1
            case ZMQ_EVENT_DISCONNECTED: counts.closed += 1
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: counts.handshakes += 1
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: counts.refused += 1
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: counts.failed += 1
            default: break
            }
            return counts
        }
    }
}

/// What a monitor's thread owns: the socket that brings the events, two frames each.
private final class Reader {
    private let source: Socket
    private let monitor: SocketMonitor

    init(_ source: consuming Socket, _ monitor: SocketMonitor) {
        self.source = source
        self.monitor = monitor
    }

    func readAll() {
        // Signals are for the threads that act on them.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var message = Message()
        var heapTrim = HeapTrim()
        while true {
            // Fails once the context is shut down.
            guard let received = try? source.receive(into: &message, wait: true), received else { return }
            // First frame: u16 event, u32 value, in the machine's byte order. Second frame: the endpoint.
            if message.more, message.count >= 2 {
                let event = CInt(message.bytes.loadUnaligned(as: UInt16.self))
                if event == ZMQ_EVENT_MONITOR_STOPPED { return }
                let counts = monitor.count(event)
                if event == ZMQ_EVENT_DISCONNECTED, monitor.trimsHeap { heapTrim.connectionClosed(open: counts.current) }
            }
        }
    }
}
