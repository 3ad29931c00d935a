/// The reply to `export`.
public struct ExportReply: Codable, Sendable, Equatable {
    public var ok = true
    public var streams: [TransferredStream]
    /// What the next request says to go on; nil past the last stream.
    public var cursor: UInt64?

    public init(streams: [TransferredStream], cursor: UInt64?) {
        self.streams = streams
        self.cursor = cursor
    }
}

/// A stream between two daemons; a line of the file that `skipctl streams export` writes.
public struct TransferredStream: Codable, Sendable, Equatable {
    public var stream: String
    /// Its record, in Base64.
    public var record: String

    public init(stream: String, record: String) {
        self.stream = stream
        self.record = record
    }
}

/// The reply to `import`.
public struct ImportReply: Codable, Sendable, Equatable {
    public var ok = true
    /// Streams that go on here; of them those whose state another CPU's kernels computed.
    public var imported: Int
    public var onOtherKernels: Int
    public var refused: [Refusal]

    /// A stream that was not taken.
    public struct Refusal: Codable, Sendable, Equatable {
        /// nil where the record doesn't even tell.
        public var stream: String?
        public var reason: String

        public init(stream: String?, reason: String) {
            self.stream = stream
            self.reason = reason
        }
    }

    private enum CodingKeys: String, CodingKey {
        case ok, imported, refused
        case onOtherKernels = "on_other_kernels"
    }

    public init(imported: Int, onOtherKernels: Int, refused: [Refusal]) {
        self.imported = imported
        self.onOtherKernels = onOtherKernels
        self.refused = refused
    }
}
