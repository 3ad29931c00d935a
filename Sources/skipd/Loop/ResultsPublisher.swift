import SkipConfiguration
import SkipStream
import ZeroMQ

/// Publishes results, hints and events, and knows which of them somebody wants. Used by the loop's thread only.
///
/// It has a socket for everybody, and, where devices have keys, one for them: ipc endpoints are in the first, tcp endpoints in the second.
final class ResultsPublisher: ResultSink {
    private var open: ResultsSocket?
    private var guarded: ResultsSocket?
    private let access: AccessControl?
    private var rights = AccessRegistry.Rights()
    private let drops: DropReporter
    /// Who takes results besides, in a cluster.
    var worker: Worker?
    /// Endpoints in force, as the configuration orders them.
    let endpoints: [String]
    /// A sample's topic, while it is put together.
    private var sampleTopic: [UInt8] = []
    /// A Boolean value indicating whether a socket has taken another's place, so that the wait has to begin anew.
    private var hasNewSocket = false

    init(_ configuration: Configuration, access: AccessControl?, drops: DropReporter, in context: Context) throws(DaemonError) {
        var options = ResultsSocket.Options(
            heartbeat: configuration.ingest.heartbeat, handshake: configuration.security.handshakeTimeout, maximumFrame: configuration.limits.maxMessage,
            allowsSamples: configuration.results.samples)
        var (open, guarded): (ResultsSocket?, ResultsSocket?)
        var endpoints: [String] = []
        for endpoint in configuration.results.bind {
            let isGuarded = access != nil && endpoint.isTCP
            options.access = isGuarded ? access : nil
            let socket: ResultsSocket
            if let made = isGuarded ? guarded : open { socket = made } else { socket = try ResultsSocket(options, in: context) }
            if isGuarded { guarded = socket } else { open = socket }
            endpoints.append(try socket.bind(endpoint).text)
        }
        (self.open, self.guarded, self.endpoints, self.access, self.drops) = (open, guarded, endpoints, access, drops)
    }

    private var sockets: [ResultsSocket] { [open, guarded].compactMap { $0 } }

    /// What happens to the sockets' connections.
    var counters: [ConnectionCounter] { sockets.map(\.counter) }

    /// Topics' prefixes that somebody has subscribed to.
    var subscriptionCount: Int { sockets.reduce(0) { $0 + $1.subscriptionCount } }

    /// A Boolean value indicating whether something has been sent since subscriptions were last taken: that may have taken libzmq's sign
    /// that there is a new one. True at first, since binding may have taken it too.
    private(set) var hasSent = true

    /// Adds the sockets to the loop's wait.
    /// - Returns: their places there.
    func join(_ wait: inout LoopWait) throws(ZeroMQError) -> [Int] {
        hasNewSocket = false
        var places: [Int] = []
        for socket in sockets { places.append(wait.add(try socket.descriptor)) }
        return places
    }

    /// Puts other rights in force. Subscriptions that might be among those taken away end with their socket.
    func install(_ rights: AccessRegistry.Rights) throws(DaemonError) {
        self.rights = rights
        if rights.takesSubscriptionsAway { try bindAnew() }
    }

    /// Takes the subscriptions that have come in.
    /// - Returns: true where the sockets have to join the wait anew.
    func readSubscriptions() throws(DaemonError) -> Bool {
        hasSent = false
        var culprit: UInt32?
        do throws(ZeroMQError) {
            try open?.readSubscriptions()
            if access?.serverKeys == nil {
                try guarded?.readSubscriptions()
            } else {
                culprit = try guarded?.grantSubscriptions(rights.subscribe) { access?.refusals.note(device: name($0), prefix: $1) }
            }
        } catch {
            throw DaemonError("[results]: \(error)")
        }
        if let culprit { try dismiss(culprit) }
        return hasNewSocket
    }

    /// Ends what a device has begun that sends what no subscriber sends.
    private func dismiss(_ device: UInt32) throws(DaemonError) {
        access?.registry.bar(device)
        access?.refusals.noteMisuse(device: name(device))
        try bindAnew()
    }

    private func bindAnew() throws(DaemonError) {
        guard let guarded else { return }
        try guarded.bindAnew()
        (hasNewSocket, hasSent) = (true, true)
    }

    private func name(_ device: UInt32) -> String { Int(device) < rights.names.count ? rights.names[Int(device)] : "" }

    func wants(topic: UnsafeRawBufferPointer) -> Bool { (worker != nil && Worker.isResult(topic)) || open?.wants(topic: topic) ?? false || guarded?.wants(topic: topic) ?? false }

    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        hasSent = true
        worker?.publish(topic: topic, body: body)
        // Asked again only where there are two.
        if let open, guarded == nil || open.wants(topic: topic) { open.publish(topic: topic, body: body) }
        if let guarded, open == nil || guarded.wants(topic: topic) { guarded.publish(topic: topic, body: body) }
    }

    /// A Boolean value indicating whether somebody has asked for samples.
    var wantsSamples: Bool { open?.wantsSamples ?? false || guarded?.wantsSamples ?? false }

    /// Passes a message on as it came to whoever has asked for its stream's samples: `sample/` and the stream's name, its header if it has one,
    /// its payload. One that its device may not publish is nobody's.
    func pass(_ message: IncomingMessage) {
        guard let frames = SampleFrames(message), SampleFrames.isValidName(frames.name) else { return }
        guard message.origin == IncomingMessage.anyone || rights.publish.allow(message.origin, frames.name) else { return }
        sampleTopic.removeAll(keepingCapacity: true)
        sampleTopic.append(contentsOf: ResultsSocket.samplePrefix)
        sampleTopic.append(contentsOf: frames.name)
        sampleTopic.withUnsafeBytes { topic in
            hasSent = true
            open?.pass(frames, topic: topic)
            guarded?.pass(frames, topic: topic)
        }
    }

    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) { drops.note(cause, stream: stream, reason: reason) }

    func denied(stream: UnsafeRawBufferPointer, origin: UInt32) {
        drops.note(.denied, stream: stream, reason: "its device may not publish this stream", device: name(origin))
    }
}
