import Glibc
import SkipConfiguration
import ZeroMQ

/// Where samples come in: a socket for the endpoints that skipd binds, and one for those it connects to.
struct IngestSockets: ~Copyable {
    private let sockets: [SocketBox]
    /// What happens to the sockets' connections.
    let monitors: [SocketMonitor]
    /// Endpoints in force, with the ports that the system chose, and their sockets' indices.
    private let bound: [(socket: Int, endpoint: BoundEndpoint)]
    private let connected: [(socket: Int, endpoint: String)]
    /// The socket that the next block begins with, so that none is starved by another.
    private var next = 0
    private var isOpen = true

    /// Makes the sockets, and binds and connects them.
    init(_ ingest: Ingest, maximumFrame: Int, in context: Context) throws(DaemonError) {
        var sockets: [SocketBox] = []
        var monitors: [SocketMonitor] = []
        var bound: [(Int, BoundEndpoint)] = []
        var connected: [(Int, String)] = []
        if !ingest.bind.isEmpty {
            let box = SocketBox(try Self.socket(ingest, maximumFrame, context))
            monitors.append(try box.monitor(for: "ingest"))
            for endpoint in ingest.bind { bound.append((sockets.count, try box.socket.bind(endpoint, for: "ingest"))) }
            sockets.append(box)
        }
        if !ingest.connect.isEmpty {
            let box = SocketBox(try Self.socket(ingest, maximumFrame, context))
            monitors.append(try box.monitor(for: "ingest"))
            for endpoint in ingest.connect {
                do throws(ZeroMQError) {
                    try box.socket.set(.ipv6, endpoint.isIPv6)
                    try box.socket.connect(endpoint.text)
                } catch {
                    throw DaemonError("[ingest] connect: \(error)")
                }
                connected.append((sockets.count, endpoint.text))
            }
            sockets.append(box)
        }
        self.sockets = sockets
        self.monitors = monitors
        self.bound = bound
        self.connected = connected
    }

    private static func socket(_ ingest: Ingest, _ maximumFrame: Int, _ context: Context) throws(DaemonError) -> Socket {
        do throws(ZeroMQError) {
            let socket = try Socket(ingest.pattern == .sub ? .sub : .pull, in: context)
            if ingest.pattern == .sub { try socket.subscribe([]) }
            try socket.set(.maxMessageSize, maximumFrame)
            try socket.set(.linger, .zero)
            try socket.setLiveness(heartbeat: ingest.heartbeat)
            // A peer that isn't there yet is tried often at first, then every five seconds.
            try socket.set(.reconnectIntervalMaximum, .seconds(5))
            return socket
        } catch {
            throw DaemonError("[ingest]: \(error)")
        }
    }

    /// The endpoints in force.
    var endpoints: [String] { bound.map(\.endpoint.text) + connected.map(\.endpoint) }

    /// Adds the sockets to the loop's wait.
    func join(_ wait: inout LoopWait) throws(ZeroMQError) { for box in sockets { _ = wait.add(try box.socket.fileDescriptor) } }

    /// Receives what is there into a block, until it is full; where it is not, every socket has said that there is nothing more.
    mutating func receive(into block: inout MessageBlock) throws(ZeroMQError) {
        for offset in 0..<sockets.count {
            let box = sockets[(next + offset) % sockets.count]
            while !block.isFull, try block.receive(from: box.socket) {}
        }
        next = next + 1 < sockets.count ? next + 1 : 0
    }

    /// Takes no more: unbinds and disconnects. What has been received already can still be read.
    mutating func close() {
        guard isOpen else { return }
        isOpen = false
        // An endpoint that is gone already is none the worse.
        for (socket, endpoint) in bound {
            try? sockets[socket].socket.unbind(endpoint.text)
            endpoint.file?.remove()
        }
        for (socket, endpoint) in connected { try? sockets[socket].socket.disconnect(endpoint) }
    }
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

extension SocketBox {
    /// Counts the socket's connections from now on: to be made before it binds or connects.
    fileprivate func monitor(for section: String) throws(DaemonError) -> SocketMonitor {
        do throws(ZeroMQError) { return try SocketMonitor(of: socket) } catch { throw DaemonError("[\(section)]: \(error)") }
    }
}
