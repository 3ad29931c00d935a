import SkipConfiguration
import SkipStream
import ZeroMQ

/// Publishes results, hints and events, and knows which of them somebody wants. Used by the loop's thread only.
///
/// The XPUB drops for a subscriber that does not keep up: the counter in each result tells it. Subscriptions are granted by hand
/// (`xpubManual`), so that some can be refused.
final class ResultsPublisher: ResultSink {
    private let socket: Socket
    private var subscriptions = SubscriptionSet()
    /// Those of them that are for samples.
    private var sampleSubscriptions = SubscriptionSet()
    private let allowsSamples: Bool
    /// A sample's topic, while it is put together.
    private var sampleTopic: [UInt8] = []
    private var incoming = Message()
    private let drops: DropReporter
    /// What happens to the socket's connections.
    let monitor: SocketMonitor
    private let bound: [BoundEndpoint]

    /// Results not yet sent when the daemon ends are given so long.
    private static let linger = Duration.seconds(1)
    /// Messages that wait for one subscriber before further ones are dropped for it: a recording sent at once is a burst of some
    /// hundred results, which libzmq's 1,000 (500 of them for sure) don't hold. A subscriber that never reads costs some 6 MB.
    private static let longestQueue = 20_000

    init(_ results: Results, heartbeat: Duration, maximumFrame: Int, drops: DropReporter, in context: Context) throws(DaemonError) {
        let socket = try Self.socket(heartbeat, maximumFrame, context)
        do throws(ZeroMQError) { monitor = try SocketMonitor(of: socket) } catch { throw DaemonError("[results]: \(error)") }
        var bound: [BoundEndpoint] = []
        for endpoint in results.bind { bound.append(try socket.bind(endpoint, for: "results")) }
        self.socket = socket
        self.bound = bound
        self.drops = drops
        allowsSamples = results.samples
    }

    deinit { for endpoint in bound { endpoint.file?.remove() } }

    /// Endpoints in force.
    var endpoints: [String] { bound.map(\.text) }

    private static func socket(_ heartbeat: Duration, _ maximumFrame: Int, _ context: Context) throws(DaemonError) -> Socket {
        do throws(ZeroMQError) {
            let socket = try Socket(.xpub, in: context)
            try socket.set(.xpubManual, true)
            try socket.set(.linger, linger)
            try socket.set(.sendHighWaterMark, longestQueue)
            try socket.set(.maxMessageSize, maximumFrame)
            try socket.setLiveness(heartbeat: heartbeat)
            return socket
        } catch {
            throw DaemonError("[results]: \(error)")
        }
    }

    /// Topics' prefixes that somebody has subscribed to.
    var subscriptionCount: Int { subscriptions.count }

    /// Adds the socket to the loop's wait.
    /// - Returns: its place there.
    func join(_ wait: inout LoopWait) throws(ZeroMQError) -> Int { wait.add(try socket.fileDescriptor) }

    /// A Boolean value indicating whether something has been sent since subscriptions were last taken: that may have taken libzmq's sign
    /// that there is a new one. True at first, since binding may have taken it too.
    private(set) var hasSent = true

    /// Takes the subscriptions that have come in: a byte, 1 or 0, and the topic's prefix. Anything else a peer sends is ignored.
    func readSubscriptions() throws(ZeroMQError) {
        hasSent = false
        while try socket.receive(into: &incoming) {
            let frame = incoming.bytes
            let prefix = UnsafeRawBufferPointer(rebasing: frame.dropFirst())
            switch frame.first {
            case 1:
                let isForSamples = prefix.starts(with: Self.samplePrefix)
                guard allowsSamples || !isForSamples else { continue }
                try socket.subscribe(prefix)
                subscriptions.insert(prefix)
                if isForSamples { sampleSubscriptions.insert(prefix) }
            case 0:
                try socket.unsubscribe(prefix)
                subscriptions.remove(prefix)
                if prefix.starts(with: Self.samplePrefix) { sampleSubscriptions.remove(prefix) }
            default: break
            }
        }
    }

    func wants(topic: UnsafeRawBufferPointer) -> Bool { subscriptions.contains(topic) }

    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        hasSent = true
        // An XPUB never makes its sender wait; it fails only when its context is shut down, which ends the loop at its next poll.
        guard let sent = try? socket.send(topic, more: true), sent else { return }
        _ = try? socket.send(body)
    }

    private static let samplePrefix = Array("sample/".utf8)

    /// A Boolean value indicating whether somebody has asked for samples.
    var wantsSamples: Bool { sampleSubscriptions.count > 0 }

    /// Passes a message on as it came to whoever has asked for its stream's samples: `sample/` and the stream's name, its header if it has one,
    /// its payload.
    func pass(_ message: IncomingMessage) {
        guard let frames = SampleFrames(message), SampleFrames.isValidName(frames.name) else { return }
        sampleTopic.removeAll(keepingCapacity: true)
        sampleTopic.append(contentsOf: Self.samplePrefix)
        sampleTopic.append(contentsOf: frames.name)
        sampleTopic.withUnsafeBytes { topic in
            guard sampleSubscriptions.contains(topic) else { return }
            hasSent = true
            guard let sent = try? socket.send(topic, more: true), sent else { return }
            if let header = frames.header { _ = try? socket.send(header, more: true) }
            _ = try? socket.send(frames.payload)
        }
    }

    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) { drops.note(cause, stream: stream, reason: reason) }
}
