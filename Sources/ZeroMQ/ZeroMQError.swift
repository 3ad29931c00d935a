import CZeroMQ

/// A libzmq call that failed: its error number, libzmq's own words for it, and what the call was about.
///
/// ```
/// ZeroMQ cannot bind to "tcp://10.0.0.1:5570": Cannot assign requested address
/// ```
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number: one of `errno.h`'s, or libzmq's own above `ZMQ_HAUSNUMERO` (`ETERM`, `EFSM`, …).
    public let code: CInt
    /// What was tried, as it stands after "ZeroMQ cannot": `bind to "tcp://…"`, `receive a frame`.
    public let action: String

    /// The error number is the calling thread's if none is given, read before the text is made, which might change it.
    init(code: CInt? = nil, action: @autoclosure () -> String) {
        self.code = code ?? zmq_errno()
        self.action = action()
    }

    /// libzmq's words for the error number. The corresponding C function is `zmq_strerror`.
    public var reason: String { String(cString: zmq_strerror(code)) }

    public var description: String { "ZeroMQ cannot \(action): \(reason)" }

    /// A boolean value indicating whether the socket's context was shut down, which is how a blocked thread is asked to leave.
    public var isContextTermination: Bool { code == Self.contextTerminated }

    /// `ETERM`, in C a sum of macros.
    static let contextTerminated: CInt = ZMQ_HAUSNUMERO + 53
}
