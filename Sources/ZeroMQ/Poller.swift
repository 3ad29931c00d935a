import CZeroMQ

/// What a socket or file descriptor is ready for.
public struct PollEvents: OptionSet, Sendable {
    public let rawValue: Int16

    @inlinable
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// A frame can be received, or the descriptor read, without waiting.
    public static var readable: PollEvents { PollEvents(rawValue: Int16(ZMQ_POLLIN)) }
    /// A frame can be sent, or the descriptor written, without waiting.
    public static var writable: PollEvents { PollEvents(rawValue: Int16(ZMQ_POLLOUT)) }
    /// An error condition; file descriptors only.
    public static var failed: PollEvents { PollEvents(rawValue: Int16(ZMQ_POLLERR)) }
}

/// A list of sockets and file descriptors to wait for, with one call and without allocation (libzmq itself allocates past 16 items).
///
/// The poller keeps libzmq's pointers only: whoever owns the sockets keeps them for as long as it waits (in a property beside it, say;
/// a local `SocketBox` may be gone after its last use).
public struct Poller: ~Copyable {
    private let items: UnsafeMutablePointer<zmq_pollitem_t>
    private let capacity: Int
    public private(set) var count = 0

    /// Makes an empty list with room for `capacity` items.
    public init(capacity: Int) {
        precondition(capacity > 0, "Poller without room")
        items = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        items.deallocate()
    }

    /// Adds a socket and returns its index, under which its events are asked for.
    @discardableResult
    public mutating func add(_ socket: borrowing Socket, for events: PollEvents = .readable) -> Int {
        append(zmq_pollitem_t(socket: socket.raw, fd: 0, events: events.rawValue, revents: 0))
    }

    /// Adds a file descriptor and returns its index.
    @discardableResult
    public mutating func add(fileDescriptor: CInt, for events: PollEvents = .readable) -> Int {
        append(zmq_pollitem_t(socket: nil, fd: fileDescriptor, events: events.rawValue, revents: 0))
    }

    /// Changes what the item is waited for; an empty set mutes it.
    public mutating func setEvents(_ events: PollEvents, at index: Int) {
        precondition(index >= 0 && index < count, "Poller index out of range")
        items[index].events = events.rawValue
    }

    /// Waits until an item is ready, at most `timeout` (nil: for ever; zero: not at all; to libzmq's millisecond), and returns how many are.
    /// A signal ends the wait early with 0, so that the caller's loop can look at what the signal may have changed.
    ///
    /// The corresponding C function is `zmq_poll`.
    public mutating func wait(timeout: Duration?) throws(ZeroMQError) -> Int {
        let ready = zmq_poll(items, CInt(count), timeout.map { Int($0.clampedMilliseconds) } ?? -1)
        if ready >= 0 { return Int(ready) }
        let code = zmq_errno()
        // No events are left over from before: zmq_poll may fail before it has written any.
        for index in 0..<count { items[index].revents = 0 }
        guard code == interrupted else { throw ZeroMQError(code: code, action: "poll \(count) sockets") }
        return 0
    }

    /// What the item was ready for when `wait` returned.
    public func events(at index: Int) -> PollEvents {
        precondition(index >= 0 && index < count, "Poller index out of range")
        return PollEvents(rawValue: items[index].revents)
    }

    /// A boolean value indicating whether the item was readable when `wait` returned.
    public func isReadable(_ index: Int) -> Bool {
        events(at: index).contains(.readable)
    }

    private mutating func append(_ item: zmq_pollitem_t) -> Int {
        precondition(count < capacity, "Poller capacity overflow")
        items[count] = item
        count += 1
        return count - 1
    }
}
