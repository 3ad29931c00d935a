import CZeroMQ

/// A ZeroMQ socket, owned by one place and used from one thread at a time.
///
/// Not `Sendable`: libzmq lets a socket migrate to another thread (with a full memory fence, which starting the thread is), but never
/// be used from two at once. Closed when its owner is destroyed; its context can't end before.
///
/// Swift's collections of non-copyable elements are either of a fixed count known to the compiler (`InlineArray`) or in packages, so a
/// number of sockets read from a configuration is an array of `SocketBox`.
public struct Socket: ~Copyable {
    @usableFromInline let raw: UnsafeMutableRawPointer
    /// Keeps the context from ending before its socket.
    @usableFromInline let context: Context

    public enum Kind: CInt, Sendable {
        case pair = 0, pub, sub, req, rep, dealer, router, pull, push, xpub, xsub
    }

    /// Makes an unconnected socket. Options that concern connections must be set before `bind` and `connect`.
    ///
    /// The corresponding C function is `zmq_socket`.
    public init(_ kind: Kind, in context: Context) throws(ZeroMQError) {
        guard let raw = zmq_socket(context.raw, kind.rawValue) else { throw ZeroMQError(action: "make a \(kind) socket") }
        self.raw = raw
        self.context = context
    }

    deinit {
        zmq_close(raw)
    }

    /// Listens at `endpoint`: `tcp://127.0.0.1:5570`, `tcp://*:*`, `ipc:///run/skipd/control.sock`, `inproc://name`.
    public func bind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_bind(raw, endpoint) == 0 else { throw ZeroMQError(action: "bind to \"\(endpoint)\"") }
    }

    /// Connects to `endpoint`, in the background: that nobody listens there is no error.
    public func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(raw, endpoint) == 0 else { throw ZeroMQError(action: "connect to \"\(endpoint)\"") }
    }

    /// Stops listening at `endpoint`, which must be the one in force (`lastEndpoint`), not one with a wildcard.
    public func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_unbind(raw, endpoint) == 0 else { throw ZeroMQError(action: "unbind from \"\(endpoint)\"") }
    }

    /// Ends the connection to `endpoint`, and what was still to be sent there once `linger` is over.
    public func disconnect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_disconnect(raw, endpoint) == 0 else { throw ZeroMQError(action: "disconnect from \"\(endpoint)\"") }
    }

    /// The file descriptor that becomes readable when `events` may have changed (edge triggered, as libzmq's manual warns).
    public var fileDescriptor: CInt {
        get throws(ZeroMQError) { CInt(try get(.fileDescriptor)) }
    }

    /// What could be done right now without waiting.
    public var events: PollEvents {
        get throws(ZeroMQError) { PollEvents(rawValue: Int16(truncatingIfNeeded: try get(.events))) }
    }
}

/// A socket as an element of ordinary arrays; see `Socket` for why. It adds an object and a reference, nothing else.
public final class SocketBox {
    public let socket: Socket

    public init(_ socket: consuming Socket) {
        self.socket = socket
    }
}
