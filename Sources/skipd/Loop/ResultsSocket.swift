import SkipConfiguration
import SkipStream
import ZeroMQ

/// An XPUB that publishes results: to whoever comes, or, guarded by keys, to devices that may have them.
///
/// It drops for a subscriber that does not keep up: the counter in each result tells it. Without keys libzmq grants all subscriptions
/// itself; with keys each is granted by hand (`xpubManual`).
final class ResultsSocket {
    private var box: SocketBox
    private var bound: [BoundEndpoint] = []
    private var subscriptions = SubscriptionSet()
    /// Those of them that are for samples.
    private var sampleSubscriptions = SubscriptionSet()
    private var ledger = SubscriptionLedger()
    private var incoming = Message()
    private let options: Options
    private let context: Context
    /// What happens to its connections.
    let counter = ConnectionCounter()

    /// How the socket is made, and made anew.
    struct Options {
        var heartbeat: Duration
        var handshake: Duration
        var maximumFrame: Int
        /// A Boolean value indicating whether samples are passed on.
        var allowsSamples: Bool
        /// Who guards its tcp endpoints; nil for a socket without such, or where everybody is let in.
        var access: AccessControl?
        /// A Boolean value indicating whether subscriptions are granted device by device.
        var asksForKeys: Bool { access?.serverKeys != nil }
    }

    /// Results not yet sent when the socket ends are given so long.
    private static let linger = Duration.seconds(1)
    /// Messages that wait for one subscriber before further ones are dropped for it: a recording sent at once is a burst of some
    /// hundred results, which libzmq's 1,000 (500 of them for sure) don't hold. A subscriber that never reads costs some 6 MB.
    private static let longestQueue = 20_000

    init(_ options: Options, in context: Context) throws(DaemonError) {
        (self.options, self.context) = (options, context)
        box = try Self.socket(options, counter, context)
    }

    deinit { for endpoint in bound { endpoint.file?.remove() } }

    private static func socket(_ options: Options, _ counter: ConnectionCounter, _ context: Context) throws(DaemonError) -> SocketBox {
        do throws(ZeroMQError) {
            let socket = try Socket(.xpub, in: context)
            if options.asksForKeys { try socket.set(.xpubManual, true) }
            try socket.set(.linger, linger)
            try socket.set(.sendHighWaterMark, longestQueue)
            try socket.set(.maxMessageSize, options.maximumFrame)
            try socket.set(.handshakeInterval, options.handshake)
            try socket.setLiveness(heartbeat: options.heartbeat)
            try options.access?.guardDoor(.results, socket)
            try counter.watch(socket)
            return SocketBox(socket)
        } catch {
            throw DaemonError("[results]: \(error)")
        }
    }

    func bind(_ endpoint: Endpoint) throws(DaemonError) -> BoundEndpoint {
        let endpoint = try box.socket.bind(endpoint, for: "results")
        bound.append(endpoint)
        return endpoint
    }

    /// Topics' prefixes that somebody is subscribed to.
    var subscriptionCount: Int { subscriptions.count }

    /// What becomes readable when a subscription has come in.
    var descriptor: CInt { get throws(ZeroMQError) { try box.socket.fileDescriptor } }

    func wants(topic: UnsafeRawBufferPointer) -> Bool { subscriptions.contains(topic) }

    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        // An XPUB never makes its sender wait; it fails only when its context is shut down, which ends the loop at its next poll.
        guard let sent = try? box.socket.send(topic, more: true), sent else { return }
        _ = try? box.socket.send(body)
    }

    /// What the topics of samples begin with.
    static let samplePrefix = Array("sample/".utf8)

    /// A Boolean value indicating whether somebody has asked for samples.
    var wantsSamples: Bool { sampleSubscriptions.count > 0 }

    /// Passes a sample on to whoever has asked for it.
    func pass(_ frames: SampleFrames, topic: UnsafeRawBufferPointer) {
        guard sampleSubscriptions.contains(topic), let sent = try? box.socket.send(topic, more: true), sent else { return }
        if let header = frames.header { _ = try? box.socket.send(header, more: true) }
        _ = try? box.socket.send(frames.payload)
    }

    /// Those of the two sets that a prefix belongs to.
    private func change(_ prefix: UnsafeRawBufferPointer, _ body: (inout SubscriptionSet) -> Void) {
        body(&subscriptions)
        if options.allowsSamples, prefix.starts(with: Self.samplePrefix) { body(&sampleSubscriptions) }
    }

    /// A Boolean value indicating whether a prefix is one of samples where these aren't passed on.
    private func isForbidden(_ prefix: UnsafeRawBufferPointer) -> Bool { !options.allowsSamples && prefix.starts(with: Self.samplePrefix) }

    /// Takes the subscriptions that have come in: a byte, 1 or 0, and the topic's prefix. Anything else a peer sends is ignored.
    func readSubscriptions() throws(ZeroMQError) {
        while try box.socket.receive(into: &incoming) {
            let prefix = UnsafeRawBufferPointer(rebasing: incoming.bytes.dropFirst())
            switch incoming.bytes.first {
            case 1: if !isForbidden(prefix) { change(prefix) { $0.insert(prefix) } }
            case 0: change(prefix) { $0.remove(prefix) }
            default: break
            }
        }
    }

    /// Takes the subscriptions that have come in, and grants those that their devices may have.
    ///
    /// A message from a peer that is no subscription makes libzmq (4.3.4) take one connection for another from there on: what is granted
    /// next might go to whom it isn't for. So the socket can't be used any more then.
    /// - Returns: the device that has sent such a message; nil where all is well.
    func grantSubscriptions(_ grants: SubscribeGrants, refused: (UInt32, UnsafeRawBufferPointer) -> Void) throws(ZeroMQError) -> UInt32? {
        while try box.socket.receive(into: &incoming) {
            let peer = incoming.withProperty("User-Id") { $0.flatMap { PeerIdentity($0) } }
            let prefix = UnsafeRawBufferPointer(rebasing: incoming.bytes.dropFirst())
            switch incoming.bytes.first {
            case 1:
                let isGranted = peer.map { grants.allow($0.device, prefix) && !isForbidden(prefix) } ?? false
                if isGranted { try box.socket.subscribe(prefix) }
                if let peer, ledger.insert(prefix, of: peer.connection, isGranted: isGranted) { change(prefix) { $0.insert(prefix, isGranted: isGranted) } }
                if let peer, !isGranted { refused(peer.device, prefix) }
            case 0:
                guard let peer else {
                    // libzmq's own word, for each subscription of a connection that has closed.
                    change(prefix) { $0.removeOne(prefix) }
                    break
                }
                try box.socket.unsubscribe(prefix)
                if let wasGranted = ledger.remove(prefix, of: peer.connection) { change(prefix) { $0.remove(prefix, wasGranted: wasGranted) } }
            default: return peer?.device ?? 0
            }
        }
        return nil
    }

    /// Lets all subscribers go and listens anew at the same endpoints: libzmq can't take one peer's subscription away. Whoever still may
    /// comes back by itself.
    func bindAnew() throws(DaemonError) {
        let fresh = try Self.socket(options, counter, context)
        for endpoint in bound {
            try? box.socket.unbind(endpoint.text)
            endpoint.file?.remove()
        }
        // The old one closes here.
        box = fresh
        (subscriptions, sampleSubscriptions, ledger) = (SubscriptionSet(), SubscriptionSet(), SubscriptionLedger())
        let endpoints = bound.compactMap { Endpoint($0.text) }
        bound = []
        for endpoint in endpoints { bound.append(try Self.bindPatiently(box, endpoint)) }
    }

    /// Binds as soon as the old socket, which libzmq closes in the background, has let go of the endpoint.
    private static func bindPatiently(_ box: SocketBox, _ endpoint: Endpoint) throws(DaemonError) -> BoundEndpoint {
        let deadline = Time.monotonic + 2_000_000_000
        while true {
            do throws(DaemonError) { return try box.socket.bind(endpoint, for: "results") } catch {
                guard Time.monotonic < deadline else { throw error }
                Time.pause(milliseconds: 1)
            }
        }
    }
}
