public import CZeroMQ // Public, since inlinable code calls it.

/// One frame, received without copying its bytes.
///
/// The C struct lies in memory of its own, allocated once: small frames are stored inside it, so `bytes` may only be handed out
/// if it never moves. A loop therefore keeps its messages and receives into the same ones over and over, which allocates nothing.
///
/// ```swift
/// var message = Message()
/// while try socket.receive(into: &message) {
///     parse(message.bytes)
/// }
/// ```
public struct Message: ~Copyable {
    @usableFromInline let raw: UnsafeMutablePointer<zmq_msg_t>

    /// Makes an empty message, to receive into.
    @inlinable
    public init() {
        raw = .allocate(capacity: 1)
        zmq_msg_init(raw) // Always succeeds.
    }

    /// Makes a message with a copy of `bytes`, to send.
    public init(copying bytes: [UInt8]) throws(ZeroMQError) {
        self.init()
        guard zmq_msg_init_size(raw, bytes.count) == 0 else {
            let code = zmq_errno()
            zmq_msg_init(raw)
            throw ZeroMQError(code: code, action: "make a message of \(bytes.count) bytes")
        }
        UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: bytes.count).copyBytes(from: bytes)
    }

    @inlinable
    deinit {
        zmq_msg_close(raw)
        raw.deallocate()
    }

    /// The frame's bytes, in libzmq's memory. Valid until this message is received into, sent, cleared or destroyed.
    @inlinable
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw))
    }

    /// The count of the frame's bytes.
    @inlinable
    public var count: Int { zmq_msg_size(raw) }

    /// A boolean value indicating whether more frames of the same multipart message follow this one.
    @inlinable
    public var more: Bool { zmq_msg_more(raw) != 0 }

    /// Gives the frame's memory back to libzmq, leaving an empty message.
    @inlinable
    public mutating func clear() {
        zmq_msg_close(raw)
        zmq_msg_init(raw)
    }

    /// What the connection said about its peer: `"User-Id"` (set by ZAP), `"Peer-Address"`, `"Socket-Type"`, `"Routing-Id"` or one of
    /// the peer's own `"X-…"` properties; nil if the connection has no such property.
    ///
    /// The corresponding C function is `zmq_msg_gets`.
    public func property(_ name: String) -> String? {
        guard let value = zmq_msg_gets(raw, name) else { return nil }
        return String(cString: value)
    }

    /// The property's bytes in place, without a `String`; the closure gets nil if there is none. The bytes live as long as the message.
    @inlinable
    public func withProperty<Result: ~Copyable, Failure: Error>(
        _ name: StaticString, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let value = zmq_msg_gets(raw, name) else { return try body(nil) }
        var count = 0
        while value[count] != 0 { count += 1 }
        return try body(UnsafeRawBufferPointer(start: value, count: count))
    }
}
