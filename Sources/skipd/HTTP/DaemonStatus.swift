/// What `/metrics` and the dashboard show of the daemon, as of one moment between two blocks of samples.
struct DaemonStatus: Sendable {
    /// What the sample loop counted.
    var loop: LoopStatus
    /// Connections of each socket, with the name it has in `skipd_connections`.
    var connections: [SocketStatus] = []
    /// The last checkpoint; nil where none is kept.
    var checkpoint: CheckpointStatus?
    /// Reloads of the configuration.
    var reloads = StatusSource.Reloads()
    var version = ""
    /// The kernels' instruction set.
    var kernels = ""
}

/// One socket's connections.
struct SocketStatus: Sendable {
    /// `ingest` or `results`.
    var name: String
    var current = 0
    var opened = 0
    /// Handshakes that failed or were refused.
    var failed = 0
}

/// The last checkpoint.
struct CheckpointStatus: Sendable {
    /// Checkpoints written, and those that failed, since the start.
    var succeeded: UInt64 = 0
    var failed: UInt64 = 0
    /// Seconds that the last one took; nil before the first.
    var duration: Double?
    /// Seconds since the last one that succeeded; nil before the first.
    var age: Double?
}
