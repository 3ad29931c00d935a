public import SkipStream

/// skipd.toml as typed values: what the daemon does, and where skipctl finds it.
///
///     let configuration = try Configuration(contentsOf: "/etc/skipd/skipd.toml")
///     configuration.ingest.bind[0].text // "tcp://127.0.0.1:5570"
///
/// Every property has the file's default, so `Configuration()` is an empty file. Reading one reports everything that is wrong in it, each
/// problem with its line; unknown keys are problems.
public struct Configuration: Sendable, Equatable {
    /// Where samples come from.
    public var ingest = Ingest()
    /// Where results go.
    public var results = Results()
    /// Where requests of skipctl come in.
    public var control = Control()
    /// Where metrics and the dashboard are served.
    public var http = HTTP()
    /// Where the streams' states are kept.
    public var state = State()
    /// How much is taken on.
    public var limits = Limits()
    /// Who may talk to skipd.
    public var security = Security()
    /// Where several machines meet.
    public var cluster = Cluster()
    /// Endpoints that skipd connects to as a CURVE client. The default is none.
    public var peers: [Peer] = []
    /// The models, in the file's order. The default is none.
    public var models: [ModelSource] = []
    /// The routes; the first that matches a stream's name wins. The default is none.
    public var routes: [Route] = []
    /// Every value with its place: what `skipctl config show` prints. Empty unless read from a file.
    public internal(set) var settings: [Setting] = []
    /// What is no error but surely not meant, such as a model that no route names.
    public internal(set) var warnings: [ConfigurationProblem] = []

    /// An empty file's values.
    public init() {}
}

/// `[ingest]`: where samples come from.
public struct Ingest: Sendable, Equatable {
    /// Endpoints that devices connect to. The default is `tcp://127.0.0.1:5570`.
    public var bind: [Endpoint] = [.tcp(host: "127.0.0.1", port: 5570)]
    /// Endpoints that skipd connects to. The default is none.
    public var connect: [Endpoint] = []
    /// What kind of socket devices use. The default is `.sub`.
    public var pattern: IngestPattern = .sub
    /// How often a connection is probed; one that does not answer is given up. Zero is never. The default is 10 seconds.
    public var heartbeat: Duration = .seconds(10)

    /// The defaults.
    public init() {}
}

/// skipd's side of an ingest connection.
public enum IngestPattern: String, Sendable, CaseIterable {
    /// Devices publish (PUB, XPUB); what skipd can't take in time is dropped.
    case sub
    /// Devices push (PUSH); what skipd can't take in time waits at the device.
    case pull
}

/// `[results]`: where results go.
public struct Results: Sendable, Equatable {
    /// Endpoints that subscribers connect to. The default is `tcp://127.0.0.1:5571`.
    public var bind: [Endpoint] = [.tcp(host: "127.0.0.1", port: 5571)]
    /// A Boolean value indicating whether samples are passed on to whoever subscribes to `sample/…`, as `skipctl record` does. The default is
    /// true where all of `bind` is on this machine, else false.
    public var samples = true

    /// The defaults.
    public init() {}
}

/// `[control]`: where requests of skipctl come in.
public struct Control: Sendable, Equatable {
    /// The endpoint of the control socket. The default is `ipc:///run/skipd/control.sock`.
    public var bind: Endpoint = .ipc(path: "/run/skipd/control.sock")

    /// The defaults.
    public init() {}
}

/// `[http]`: metrics and dashboard.
public struct HTTP: Sendable, Equatable {
    /// The address listened at; nil is off. The default is `127.0.0.1:9470`.
    public var listen: HostAndPort? = HostAndPort(host: "127.0.0.1", port: 9470)

    /// The defaults.
    public init() {}
}

/// `[state]`: where the streams' states are kept.
public struct State: Sendable, Equatable {
    /// The folder of the checkpoints; nil keeps none. The default is `/var/lib/skipd`.
    public var directory: String? = "/var/lib/skipd"
    /// The time between checkpoints. The default is 10 seconds.
    public var checkpointInterval: Duration = .seconds(10)

    /// The defaults.
    public init() {}
}

/// `[limits]`: how much is taken on.
public struct Limits: Sendable, Equatable {
    /// The most streams kept at a time. The default is 1,000,000.
    public var maxStreams = 1_000_000
    /// A Boolean value indicating whether a new stream past `maxStreams` evicts the longest idle of a sample, of its own device or of one that
    /// has more streams; else it is refused. The default is true.
    public var evict = true
    /// How long an idle stream's state is kept; zero is for ever. The default is 24 hours.
    public var idleTimeout: Duration = .seconds(24 * 3600)
    /// The longest frame in bytes; a peer that sends a longer one is disconnected. The default is 1 MiB.
    public var maxMessage = 1 << 20

    /// The defaults.
    public init() {}
}

/// `[security]`: who may talk to skipd.
public struct Security: Sendable, Equatable {
    /// A Boolean value indicating whether plaintext is accepted on addresses that others can reach. The default is false.
    public var insecure = false
    /// The file of skipd's secret key, with which every tcp endpoint of `[ingest]` and `[results]` that skipd binds speaks CURVE; it may be
    /// `$CREDENTIALS_DIRECTORY/NAME`, a credential that systemd hands over. The default is nil: plaintext.
    public var serverKey: String?
    /// The file of the devices that may connect, or a folder of such files. The default is nil.
    public var authorizedKeys: String?
    /// The addresses from which tcp connections are let in; nil for all. The default is nil.
    public var allow: [AddressRange]?
    /// A tcp or ipc peer that hasn't completed its handshake by then is disconnected. The default is 10 seconds.
    public var handshakeTimeout: Duration = .seconds(10)

    /// The defaults.
    public init() {}
}

/// `[cluster]`: the NATS servers at which several machines meet.
public struct Cluster: Sendable, Equatable {
    /// What a skipd does in a cluster.
    public enum Role: String, Sendable, CaseIterable {
        /// Takes devices' samples and publishes them into JetStream.
        case gateway
        /// Works off the samples of its shards.
        case worker
    }

    /// nil: both jobs in one process, without NATS. The default is nil.
    public var role: Role?
    /// URLs, `nats://host:4222` or `tls://host:4222`. The default is none.
    public var servers: [String] = []
    /// What the others call this process: letters, digits, `-` and `_`. The default is nil: the host's name and a random number.
    public var name: String?
    /// The file of the credentials (a JWT and an nkey's seed). The default is nil.
    public var credentials: String?
    /// The files of the authority that the servers' certificates are checked with, and of skipd's own certificate and its key. The default is nil.
    public var ca, certificate, key: String?
    /// On how many servers each sample, result and state is kept. The default is 1.
    public var replicas = 1
    /// How long samples and results are kept. The default is 24 hours.
    public var keep: Duration = .seconds(24 * 3600)
    /// A worker that hasn't been heard of for so long has lost its shards. The default is 5 seconds.
    public var lease: Duration = .seconds(5)

    /// The defaults.
    public init() {}
}

/// `[[peer]]`: an endpoint of `[ingest] connect` that skipd connects to as a CURVE client.
public struct Peer: Sendable, Equatable {
    public var endpoint: Endpoint
    /// The peer's public key: whoever hasn't got the secret one to it is not talked to.
    public var serverKey: String
    /// The streams that the endpoint may publish.
    public var publish: [StreamPattern]

    public init(endpoint: Endpoint, serverKey: String, publish: [StreamPattern]) {
        self.endpoint = endpoint
        self.serverKey = serverKey
        self.publish = publish
    }
}

/// `[[model]]`: a model's name, and its file.
public struct ModelSource: Sendable, Equatable {
    /// The name that routes use.
    public var name: String
    /// The file's path, with the configuration file's folder in front where it was relative.
    public var path: String
    /// The file and line that say so; nil unless read from a file.
    public var place: ConfigurationPlace?

    public init(name: String, path: String, place: ConfigurationPlace? = nil) {
        self.name = name
        self.path = path
        self.place = place
    }
}
