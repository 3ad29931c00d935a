import SkipConfiguration
import ZeroMQ

/// A subscriber's socket. It reconnects by itself for as long as it lives.
struct Subscription: ~Copyable {
    private let socket: Socket
    private var poller: Poller

    init(_ endpoint: Endpoint, topics: [String], keys: ClientKeys? = nil) throws(ZeroMQError) {
        let socket = try Socket(.sub, in: Context())
        try socket.set(.receiveHighWaterMark, 100_000)
        try socket.set(.linger, .zero)
        // A daemon whose machine vanished is noticed, and looked for again.
        try socket.set(.heartbeatInterval, .seconds(5))
        try socket.set(.heartbeatTimeout, .seconds(10))
        try socket.set(.reconnectInterval, .milliseconds(100))
        try socket.set(.reconnectIntervalMaximum, .seconds(2))
        try socket.set(.ipv6, endpoint.isIPv6)
        for topic in Set(topics) { try socket.subscribe(Array(topic.utf8)) }
        try keys?.apply(to: socket)
        try socket.connect(endpoint.text)
        self.socket = socket
        poller = Poller(capacity: 1)
        poller.add(self.socket)
    }

    /// Waits for a message, at most until `deadline`.
    /// - Returns: nil where the time ran out or a signal came.
    mutating func receive(until deadline: ContinuousClock.Instant?) throws(ZeroMQError) -> [[UInt8]]? {
        if let frames = try socket.receiveMultipart() { return frames }
        let timeout = deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
        _ = try poller.wait(timeout: timeout)
        return try socket.receiveMultipart()
    }
}
