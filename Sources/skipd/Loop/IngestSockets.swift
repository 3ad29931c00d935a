import Glibc
import SkipConfiguration
import SkipStream
import ZeroMQ

/// Where samples come in: a socket each for the endpoints that everybody may use, for those that devices with keys may use, for those skipd
/// connects to, and for each that it connects to with a key.
struct IngestSockets: ~Copyable {
    private var sockets: [IngestSocket] = []
    /// Endpoints in force, with the ports that the system chose, and their sockets.
    private var bound: [(socket: SocketBox, endpoint: BoundEndpoint)] = []
    private var connected: [(socket: SocketBox, endpoint: String)] = []
    /// The socket that the next block begins with, so that none is starved by another.
    private var next = 0
    private var isOpen = true

    /// Makes the sockets, and binds and connects them.
    init(_ configuration: Configuration, access: AccessControl?, in context: Context) throws(DaemonError) {
        var (open, guarded, connecting): (SocketBox?, SocketBox?, SocketBox?)
        for endpoint in configuration.ingest.bind {
            let isGuarded = access != nil && endpoint.isTCP
            let sender: MessageBlock.Sender = isGuarded && access?.serverKeys != nil ? .device : .known(IncomingMessage.anyone)
            let box: SocketBox
            if let made = isGuarded ? guarded : open { box = made } else {
                box = try add(configuration, sender, context) { (socket) throws(ZeroMQError) in if isGuarded { try access?.guardDoor(.ingest, socket) } }
            }
            if isGuarded { guarded = box } else { open = box }
            bound.append((box, try box.socket.bind(endpoint, for: "ingest")))
        }
        for endpoint in configuration.ingest.connect {
            if let access, let keys = access.serverKeys, let peer = configuration.peers.first(where: { $0.endpoint == endpoint }) {
                let box = try add(configuration, .known(access.registry.number(of: peer)), context) { (socket) throws(ZeroMQError) in
                    try socket.becomeCurveClient(keys, serverKey: peer.serverKey)
                }
                try connect(box, endpoint)
            } else {
                let box: SocketBox
                if let connecting { box = connecting } else { box = try add(configuration, .known(IncomingMessage.anyone), context) { (_) throws(ZeroMQError) in } }
                connecting = box
                try connect(box, endpoint)
            }
        }
    }

    private mutating func add(_ configuration: Configuration, _ sender: MessageBlock.Sender, _ context: Context, _ secure: (borrowing Socket) throws(ZeroMQError) -> Void) throws(DaemonError) -> SocketBox {
        let (ingest, security) = (configuration.ingest, configuration.security)
        do throws(ZeroMQError) {
            let socket = try Socket(ingest.pattern == .sub ? .sub : .pull, in: context)
            if ingest.pattern == .sub { try socket.subscribe([]) }
            try socket.set(.maxMessageSize, configuration.limits.maxMessage)
            try socket.set(.linger, .zero)
            try socket.set(.handshakeInterval, security.handshakeTimeout)
            try socket.setLiveness(heartbeat: ingest.heartbeat)
            // A peer that isn't there yet is tried often at first, then every five seconds.
            try socket.set(.reconnectIntervalMaximum, .seconds(5))
            try secure(socket)
            let counter = ConnectionCounter()
            try counter.watch(socket)
            let box = SocketBox(socket)
            sockets.append(IngestSocket(box: box, sender: sender, counter: counter))
            return box
        } catch {
            throw DaemonError("[ingest]: \(error)")
        }
    }

    private mutating func connect(_ box: SocketBox, _ endpoint: Endpoint) throws(DaemonError) {
        do throws(ZeroMQError) {
            try box.socket.set(.ipv6, endpoint.isIPv6)
            try box.socket.connect(endpoint.text)
        } catch {
            throw DaemonError("[ingest] connect: \(error)")
        }
        connected.append((box, endpoint.text))
    }

    /// What happens to the sockets' connections.
    var counters: [ConnectionCounter] { sockets.map(\.counter) }

    /// The endpoints in force.
    var endpoints: [String] { bound.map(\.endpoint.text) + connected.map(\.endpoint) }

    /// Adds the sockets to the loop's wait.
    func join(_ wait: inout LoopWait) throws(ZeroMQError) { for each in sockets { _ = wait.add(try each.box.socket.fileDescriptor) } }

    /// Receives what is there into a block, until it is full; where it is not, every socket has said that there is nothing more.
    mutating func receive(into block: inout MessageBlock) throws(ZeroMQError) {
        for offset in 0..<sockets.count {
            let each = sockets[(next + offset) % sockets.count]
            while !block.isFull, try block.receive(from: each.box.socket, each.sender) {}
        }
        next = next + 1 < sockets.count ? next + 1 : 0
    }

    /// Takes no more: unbinds and disconnects. What has been received already can still be read.
    mutating func close() {
        guard isOpen else { return }
        isOpen = false
        // An endpoint that is gone already is none the worse.
        for (socket, endpoint) in bound {
            try? socket.socket.unbind(endpoint.text)
            endpoint.file?.remove()
        }
        for (socket, endpoint) in connected { try? socket.socket.disconnect(endpoint) }
    }
}

/// One of the sockets, with whom its messages are from.
private struct IngestSocket {
    let box: SocketBox
    let sender: MessageBlock.Sender
    let counter: ConnectionCounter
}

/// An endpoint that is listened at.
struct BoundEndpoint: Sendable {
    /// With the port that the system chose where the configuration leaves it open.
    let text: String
    /// nil for tcp.
    let file: SocketFile?
}

extension Socket {
    /// Binds to an endpoint of the configuration; its socket file, if it has one, gets mode 0660.
    func bind(_ endpoint: Endpoint, for section: String) throws(DaemonError) -> BoundEndpoint {
        do throws(DaemonError) { try SocketFile.prepare(endpoint) } catch { throw DaemonError("[\(section)] bind: \(error)") }
        do throws(ZeroMQError) {
            try set(.ipv6, endpoint.isIPv6)
            let file = try SocketFile.bind(endpoint) { () throws(ZeroMQError) in try bind(endpoint.text) }
            return BoundEndpoint(text: try lastEndpoint, file: file)
        } catch {
            throw DaemonError("[\(section)] bind: \(error)\(error.code == EADDRINUSE ? "; is skipd running already?" : "")")
        }
    }

    /// Notices peers that are gone without a word: by ZMTP's heartbeats, and by TCP's probes.
    func setLiveness(heartbeat: Duration) throws(ZeroMQError) {
        try set(.heartbeatInterval, heartbeat)
        if heartbeat > .zero { try set(.heartbeatTimeout, heartbeat) }
        try set(.tcpKeepAlive, true)
        // After a power cut all devices come back at once.
        try set(.backlog, 1024)
    }
}
