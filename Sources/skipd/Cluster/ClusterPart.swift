import Glibc
import Logging
import NATS
import SkipConfiguration
import SkipStream

/// What the sample loop does in a cluster.
enum ClusterPart {
    case gateway(Gateway)
    case worker(Worker)

    /// How long the loop waits at most: retries and leases have their times.
    static let glance = Duration.milliseconds(20)
    /// What is not stored yet is given so long when the process ends.
    private static let patience: Int64 = 10_000_000_000

    /// Connects, and makes what is missing on the servers; nil where the configuration gives no role.
    init?(_ configuration: Configuration, logger: Logger) throws(DaemonError) {
        let cluster = configuration.cluster
        guard let role = cluster.role else { return nil }
        let name = cluster.name ?? "\(Self.hostName)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let link = try ClusterLink(cluster, name: name)
        try ClusterStreams.make(cluster, link.connection)
        logger.notice("\(role.rawValue) \(name) of the cluster at \(cluster.servers.joined(separator: ", "))")
        switch role {
        case .gateway: self = .gateway(Gateway(link, name: name))
        case .worker: self = .worker(Worker(link, name: name, configuration, logger: logger))
        }
    }

    /// Readable when something has come from NATS.
    var descriptor: CInt {
        switch self {
        case .gateway(let gateway): gateway.link.connection.descriptor
        case .worker(let worker): worker.link.connection.descriptor
        }
    }

    /// Does what is due.
    /// - Returns: whether there is more to do at once.
    func advance(_ processor: inout StreamProcessor) -> Bool {
        switch self {
        case .gateway(let gateway):
            gateway.advance()
            return false
        case .worker(let worker): return worker.advance(&processor)
        }
    }

    /// Sees to it that nothing which was taken is lost when the process ends.
    func finish(_ processor: inout StreamProcessor) {
        switch self {
        case .gateway(let gateway): gateway.finish(patience: Self.patience)
        case .worker(let worker): worker.finish(&processor, patience: Self.patience)
        }
    }

    /// For `status` and metrics.
    var status: ClusterReply {
        switch self {
        case .gateway(let gateway): return Self.status("gateway", gateway.name, gateway.link, [gateway.publisher])
        case .worker(let worker):
            var reply = Self.status("worker", worker.name, worker.link, [worker.results, worker.states])
            reply.shards = worker.shards.values.count { $0.phase == .running }
            reply.lostShards = worker.lost
            reply.checkpoints = worker.checkpoints
            reply.checkpointBytes = worker.checkpointBytes
            reply.checkpointSeconds = Double(worker.lastCheckpointDuration) / 1e9
            return reply
        }
    }

    private static func status(_ role: String, _ name: String, _ link: ClusterLink, _ publishers: [OrderedPublisher]) -> ClusterReply {
        ClusterReply(
            role: role, name: name, connected: link.connection.isConnected, reconnects: link.connection.reconnects, stored: publishers.reduce(0) { $0 + $1.stored },
            waiting: publishers.reduce(0) { $0 + $1.count }, failures: publishers.reduce(0) { $0 + $1.failures }, problem: publishers.compactMap(\.problem).first)
    }

    /// The host's name, as far as it can be part of a NATS key.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 65)
        gethostname(&name, 64)
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes.map { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") || (0x30...0x39).contains($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
    }
}
