/// What `status` says of a process's part in a cluster.
public struct ClusterReply: Codable, Sendable, Equatable {
    /// `gateway` or `worker`.
    public var role: String
    /// What the others call it.
    public var name: String
    /// A Boolean value indicating whether there is a connection to a NATS server.
    public var connected: Bool
    /// How often the connection has been made anew.
    public var reconnects: UInt64
    /// Messages that JetStream has stored since the start, those on their way to it, and tries that failed and were made again.
    public var stored: UInt64
    public var waiting: Int
    public var failures: UInt64
    /// Why the last try failed; nil where it did not.
    public var problem: String?
    /// A worker's shards that it works off, and shards that it has lost since the start.
    public var shards: Int?
    public var lostShards: UInt64?
    /// A worker's checkpoints since the start, their bytes, and how long the last one took.
    public var checkpoints: UInt64?
    public var checkpointBytes: UInt64?
    public var checkpointSeconds: Double?

    private enum CodingKeys: String, CodingKey {
        case role, name, connected, reconnects, stored, waiting, failures, problem, shards, checkpoints
        case lostShards = "lost_shards"
        case checkpointBytes = "checkpoint_bytes"
        case checkpointSeconds = "checkpoint_s"
    }

    public init(role: String, name: String, connected: Bool, reconnects: UInt64, stored: UInt64, waiting: Int, failures: UInt64, problem: String?) {
        (self.role, self.name, self.connected, self.reconnects) = (role, name, connected, reconnects)
        (self.stored, self.waiting, self.failures, self.problem) = (stored, waiting, failures, problem)
    }
}
