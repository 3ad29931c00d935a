/// What `status` says of checkpoints.
public struct CheckpointReply: Codable, Sendable, Equatable {
    /// Checkpoints written since the start, and those that failed.
    public var written: UInt64
    public var failed: UInt64
    /// Seconds since the last one that was written; nil before the first.
    public var ageSeconds: Double?
    /// Seconds it took from its first stream to the disk.
    public var durationSeconds: Double?
    /// Streams it wrote or deleted, and their bytes.
    public var streams: Int
    public var bytes: Int
    /// Why the last one failed; nil where it did not.
    public var error: String?

    private enum CodingKeys: String, CodingKey {
        case written, failed, streams, bytes, error
        case ageSeconds = "age_s"
        case durationSeconds = "duration_s"
    }

    public init(written: UInt64, failed: UInt64, ageSeconds: Double?, durationSeconds: Double?, streams: Int, bytes: Int, error: String?) {
        self.written = written
        self.failed = failed
        self.ageSeconds = ageSeconds
        self.durationSeconds = durationSeconds
        self.streams = streams
        self.bytes = bytes
        self.error = error
    }
}

/// The reply to `checkpoint`: everything up to the request is on the disk.
public struct CheckpointDone: Codable, Sendable, Equatable {
    public var ok = true
    /// Streams written or deleted; those that had not changed needn't be.
    public var streams: Int

    public init(streams: Int) { self.streams = streams }
}
