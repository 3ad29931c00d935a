import CZeroMQ

/// A libzmq context: the I/O threads that sockets share, and the space in which `inproc://` names live.
///
/// Each `Socket` keeps its context alive, so the context ends after its last socket; it then waits until what the sockets still
/// had to send has left, or their `linger` is over.
public final class Context: @unchecked Sendable { // libzmq documents contexts as thread safe; the pointer never changes.
    let raw: UnsafeMutableRawPointer

    /// Makes a context with `ioThreads` threads (libzmq recommends one per gigabyte a second) and room for `maxSockets` sockets
    /// (libzmq's default is 1,023; connections don't count, only sockets do).
    public init(ioThreads: Int = 1, maxSockets: Int? = nil) throws(ZeroMQError) {
        guard let raw = zmq_ctx_new() else { throw ZeroMQError(action: "make a context") }
        self.raw = raw
        try set(ZMQ_IO_THREADS, to: ioThreads, "use \(ioThreads) I/O threads")
        if let maxSockets { try set(ZMQ_MAX_SOCKETS, to: maxSockets, "allow \(maxSockets) sockets") }
    }

    deinit {
        // Only an interruption may end this early; every socket is closed by now, since each holds a reference to us.
        while zmq_ctx_term(raw) != 0, zmq_errno() == interrupted {}
    }

    /// Makes every blocking call on the context's sockets, now and from now on, fail with an error whose `isContextTermination` is
    /// true. The sockets still have to be closed by their owners. Callable from any thread.
    ///
    /// The corresponding C function is `zmq_ctx_shutdown`.
    public func shutdown() {
        _ = zmq_ctx_shutdown(raw)
    }

    private func set(_ option: CInt, to value: Int, _ action: String) throws(ZeroMQError) {
        guard let value = CInt(exactly: value), zmq_ctx_set(raw, option, value) == 0 else {
            throw ZeroMQError(code: invalidArgument, action: action)
        }
    }
}
