/// Where a ZeroMQ socket listens or connects: `tcp://host:port` or `ipc://path`.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 lets the system choose one.
    case tcp(host: String, port: UInt16)
    /// A socket file, or with a leading `@` a name in Linux's abstract space.
    case ipc(path: String)

    /// Reads an endpoint's text; nil where it is none.
    public init?(_ text: String) {
        if text.hasPrefix("tcp://") {
            guard let address = HostAndPort(String(text.dropFirst(6))) else { return nil }
            self = .tcp(host: address.host, port: address.port)
        } else if text.hasPrefix("ipc://") {
            let path = String(text.dropFirst(6))
            // 108 bytes with the closing zero is what Linux has room for.
            guard !path.isEmpty, path != "*", path.utf8.count <= 107, !path.utf8.contains(where: { $0 < 0x20 }) else { return nil }
            self = .ipc(path: path)
        } else {
            return nil
        }
    }

    /// The endpoint as libzmq takes it.
    public var text: String {
        switch self {
        case .tcp(let host, let port): "tcp://\(HostAndPort(host: host, port: port))"
        case .ipc(let path): "ipc://\(path)"
        }
    }

    public var description: String { text }

    /// A Boolean value indicating whether only this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .tcp(let host, let port): HostAndPort(host: host, port: port).isLoopback
        case .ipc: true
        }
    }

    /// A Boolean value indicating whether it is a file, whose owner and mode say who may use it.
    public var isFile: Bool {
        guard case .ipc(let path) = self else { return false }
        return !path.hasPrefix("@")
    }

    /// A Boolean value indicating whether it is reached by tcp.
    public var isTCP: Bool {
        guard case .tcp = self else { return false }
        return true
    }

    /// A Boolean value indicating whether the host is written as an IPv6 address.
    public var isIPv6: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return host.contains(":")
    }
}
