import CZeroMQ

/// The key of a socket option, with the type its value has in Swift: `Int`, `Bool`, `Duration?` (whole milliseconds; nil is libzmq's −1:
/// never, or for ever, as the option says) or `[UInt8]`.
///
/// ```swift
/// try socket.set(.receiveHighWaterMark, 1_000)
/// try socket.set(.linger, .zero)
/// ```
/// Unless it says otherwise, an option takes effect for later `bind` and `connect` calls only.
public struct SocketOption<Value>: Sendable {
    let number: CInt
    /// The option's name, as it stands in an error.
    let name: String

    init(_ number: CInt, _ name: String) {
        self.number = number
        self.name = name
    }
}

extension SocketOption where Value == Int {
    /// At most so many messages wait to be sent, per connection; 0 is no limit. The default is 1,000.
    public static var sendHighWaterMark: Self { Self(ZMQ_SNDHWM, "send high-water mark") }
    /// At most so many received messages wait, per connection; 0 is no limit. The default is 1,000.
    public static var receiveHighWaterMark: Self { Self(ZMQ_RCVHWM, "receive high-water mark") }
    /// A peer that sends a longer frame, in bytes, is disconnected; −1 is no limit. The default is −1.
    public static var maxMessageSize: Self { Self(ZMQ_MAXMSGSIZE, "maximum message size") }
    /// Connections that may wait for `accept`. The default is 100.
    public static var backlog: Self { Self(ZMQ_BACKLOG, "backlog") }
    /// Seconds of silence before TCP probes the peer. The default is the kernel's.
    public static var tcpKeepAliveIdle: Self { Self(ZMQ_TCP_KEEPALIVE_IDLE, "TCP keepalive idle time") }
    /// Seconds between such probes. The default is the kernel's.
    public static var tcpKeepAliveInterval: Self { Self(ZMQ_TCP_KEEPALIVE_INTVL, "TCP keepalive interval") }
    /// Unanswered probes until the connection counts as broken. The default is the kernel's.
    public static var tcpKeepAliveCount: Self { Self(ZMQ_TCP_KEEPALIVE_CNT, "TCP keepalive count") }
    static var fileDescriptor: Self { Self(ZMQ_FD, "file descriptor") }
    static var events: Self { Self(ZMQ_EVENTS, "events") }
    /// Which mechanism connections use: 0 NULL, 1 PLAIN, 2 CURVE. Read only: it follows from the keys set.
    static var mechanism: Self { Self(ZMQ_MECHANISM, "security mechanism") }
}

extension SocketOption where Value == Duration? {
    /// How long what is still unsent keeps the socket's context from ending; nil is for ever. The default is nil. Takes effect at once.
    public static var linger: Self { Self(ZMQ_LINGER, "linger") }
    /// The longest a waiting `receive` waits; nil is for ever. The default is nil. Takes effect at once.
    public static var receiveTimeout: Self { Self(ZMQ_RCVTIMEO, "receive timeout") }
    /// The longest a waiting `send` waits; nil is for ever. The default is nil. Takes effect at once.
    public static var sendTimeout: Self { Self(ZMQ_SNDTIMEO, "send timeout") }
    /// How often a ZMTP PING is sent; zero is never. The default is zero.
    public static var heartbeatInterval: Self { Self(ZMQ_HEARTBEAT_IVL, "heartbeat interval") }
    /// A peer that answers no PING for so long is disconnected. The default is the interval.
    public static var heartbeatTimeout: Self { Self(ZMQ_HEARTBEAT_TIMEOUT, "heartbeat timeout") }
    /// After so long without hearing from us the *peer* shall give up the connection; in steps of 100 ms, at most 6,553 s. The default is zero, never.
    public static var heartbeatTimeToLive: Self { Self(ZMQ_HEARTBEAT_TTL, "heartbeat time to live") }
    /// A peer that hasn't completed the handshake by then is disconnected; zero is no limit. The default is 30 s.
    public static var handshakeInterval: Self { Self(ZMQ_HANDSHAKE_IVL, "handshake interval") }
    /// The wait before a lost connection is tried again; nil is never. The default is 100 ms.
    public static var reconnectInterval: Self { Self(ZMQ_RECONNECT_IVL, "reconnect interval") }
    /// The wait doubles at each failure up to this; zero is no doubling. The default is zero.
    public static var reconnectIntervalMaximum: Self { Self(ZMQ_RECONNECT_IVL_MAX, "maximum reconnect interval") }
    /// A TCP `connect` that takes longer is given up; zero is the kernel's limit. The default is zero.
    public static var connectTimeout: Self { Self(ZMQ_CONNECT_TIMEOUT, "connect timeout") }
}

extension SocketOption where Value == Bool {
    /// A boolean value indicating whether TCP probes silent peers. The default is the kernel's.
    public static var tcpKeepAlive: Self { Self(ZMQ_TCP_KEEPALIVE, "TCP keepalive") }
    /// A boolean value indicating whether an XPUB hands up repeated subscriptions too. The default is false. Takes effect at once.
    public static var xpubVerbose: Self { Self(ZMQ_XPUB_VERBOSE, "verbose subscriptions") }
    /// A boolean value indicating whether an XPUB hands up repeated subscriptions and unsubscriptions. The default is false. Takes effect at once.
    public static var xpubVerboser: Self { Self(ZMQ_XPUB_VERBOSER, "verbose unsubscriptions") }
    /// A boolean value indicating whether an XPUB subscribes a peer only when its owner answers the subscription just received with
    /// `subscribe`. The default is false. Takes effect at once.
    public static var xpubManual: Self { Self(ZMQ_XPUB_MANUAL, "manual subscriptions") }
    /// A boolean value indicating whether an XPUB makes the sender wait for a slow subscriber, instead of dropping. The default is false. Takes effect at once.
    public static var xpubNoDrop: Self { Self(ZMQ_XPUB_NODROP, "no dropping") }
    /// A boolean value indicating whether messages queue only for completed connections. The default is false.
    public static var immediate: Self { Self(ZMQ_IMMEDIATE, "immediate") }
    /// A boolean value indicating whether IPv6 addresses are understood beside IPv4's. The default is false.
    public static var ipv6: Self { Self(ZMQ_IPV6, "IPv6") }
    /// A boolean value indicating whether a ROUTER reports peers that are gone (`EHOSTUNREACH`) instead of dropping. The default is false. Takes effect at once.
    public static var routerMandatory: Self { Self(ZMQ_ROUTER_MANDATORY, "mandatory routing") }
    /// A boolean value indicating whether a REQ may give up a request and send another. The default is false. Takes effect at once.
    public static var requestRelaxed: Self { Self(ZMQ_REQ_RELAXED, "relaxed requests") }
    /// A boolean value indicating whether a REQ numbers its requests and drops answers to older ones. The default is false. Takes effect at once.
    public static var requestCorrelate: Self { Self(ZMQ_REQ_CORRELATE, "correlated requests") }
    /// A boolean value indicating whether only the latest message is kept (one-frame messages only). The default is false.
    public static var conflate: Self { Self(ZMQ_CONFLATE, "conflate") }
    /// A boolean value indicating whether frames of this socket may be followed by others of the message being received.
    public static var receiveMore: Self { Self(ZMQ_RCVMORE, "receive more") }
}

extension SocketOption where Value == [UInt8] {
    /// The name by which a ROUTER addresses this socket, 1 to 255 bytes that don't begin with a zero. The default is made up by the ROUTER.
    public static var routingID: Self { Self(ZMQ_ROUTING_ID, "routing id") }
    /// The domain a ZAP handler sees; setting one makes libzmq ask the handler even without CURVE. The default is empty.
    public static var zapDomain: Self { Self(ZMQ_ZAP_DOMAIN, "ZAP domain") }
}
