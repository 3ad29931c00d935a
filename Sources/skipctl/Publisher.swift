import SkipConfiguration
import ZeroMQ

/// A device's socket: it sends nothing before a daemon takes it, waits while the daemon can't keep up, and waits again where
/// the daemon is restarted.
struct Publisher: ~Copyable {
    private let socket: Socket
    private var poller = Poller(capacity: 1)
    private let pattern: IngestPattern
    private let endpoint: Endpoint
    /// The daemon's subscriptions in force; an XPUB sends only what was asked for.
    private var subscriptions = 0

    /// - Parameters:
    ///   - binds: whether the daemon is the one that connects.
    ///   - keys: for a daemon that asks for them.
    init(_ endpoint: Endpoint, _ pattern: IngestPattern, binds: Bool = false, keys: ClientKeys? = nil) throws(ZeroMQError) {
        let socket = try Socket(pattern == .sub ? .xpub : .push, in: Context())
        // Messages are for connections that exist: what is queued for a dead one would be lost with it.
        try socket.set(.immediate, true)
        if pattern == .sub { try socket.set(.xpubNoDrop, true) }
        // What a slow daemon has not taken yet when the last message is sent is given a minute.
        try socket.set(.linger, .seconds(60))
        try socket.set(.ipv6, endpoint.isIPv6)
        try socket.set(.reconnectInterval, .milliseconds(50))
        try socket.set(.reconnectIntervalMaximum, .seconds(1))
        try keys?.apply(to: socket)
        if binds { try socket.bind(endpoint.text) } else { try socket.connect(endpoint.text) }
        self.socket = socket
        self.pattern = pattern
        self.endpoint = endpoint
        poller.add(self.socket, for: pattern == .sub ? .readable : .writable)
    }

    /// A Boolean value indicating whether a daemon is there to take messages.
    mutating func isTaken() throws(ZeroMQError) -> Bool {
        guard pattern == .sub else { return try socket.events.contains(.writable) }
        while let frames = try socket.receiveMultipart() {
            // 1 and a prefix is a subscription, 0 and a prefix takes it back.
            switch frames[0].first {
            case 1: subscriptions += 1
            case 0: subscriptions = max(0, subscriptions - 1)
            default: break
            }
        }
        return subscriptions > 0
    }

    /// Waits until a daemon is there to take messages.
    /// - Parameter deadline: nil for as long as it takes.
    /// - Returns: false where the time ran out or `isCancelled`.
    mutating func waitUntilTaken(_ deadline: ContinuousClock.Instant?, isCancelled: () -> Bool = { false }) throws(ZeroMQError) -> Bool {
        while try !isTaken() {
            if isCancelled() { return false }
            // In pieces, so that a cancellation is seen soon.
            var timeout = Duration.milliseconds(200)
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { return false }
                timeout = min(timeout, left)
            }
            _ = try poller.wait(timeout: timeout)
        }
        return true
    }

    /// Sends one message, waiting while the daemon is behind or away.
    mutating func send(_ message: [UInt8], isCancelled: () -> Bool = { false }) throws(ZeroMQError) {
        var isAway = false
        while !isCancelled() {
            if try !isTaken() {
                if !isAway { tell("the daemon at \(endpoint) is gone; waiting for it") }
                isAway = true
                guard try waitUntilTaken(nil, isCancelled: isCancelled) else { return }
            }
            if try socket.send(message) { return }
            try socket.waitUntilWritable()
        }
    }
}

extension Socket {
    /// Waits a moment for room.
    fileprivate borrowing func waitUntilWritable() throws(ZeroMQError) {
        var poller = Poller(capacity: 1)
        poller.add(self, for: .writable)
        _ = try poller.wait(timeout: .milliseconds(100))
    }
}
