/// One ZeroMQ message as it came, its frames borrowed: they must outlive the block they are processed in.
public struct IncomingMessage {
    /// The frames; only the first `frameCount` have a meaning, and no more than three are kept.
    public var first: UnsafeRawBufferPointer
    public var second: UnsafeRawBufferPointer
    public var third: UnsafeRawBufferPointer
    /// How many frames the message had, which may be more than three.
    public var frameCount: Int
    /// What the first frame came in, for the processor's `originHash`, which may know from it what device sent a message without an origin.
    public var envelope: UnsafeRawPointer?
    /// Who sent it: a number that `PublishGrants` knows, the same for all messages of a device; `anyone` where nobody asks.
    public var origin: UInt32 = Self.anyone

    /// The origin of messages that came a way on which everything is allowed.
    public static let anyone: UInt32 = 0
    /// An origin that has no rights, whatever the grants.
    public static let nobody: UInt32 = .max

    public init(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        _ third: UnsafeRawBufferPointer = .init(start: nil, count: 0), frameCount: Int, envelope: UnsafeRawPointer? = nil
    ) {
        self.first = first
        self.second = second
        self.third = third
        self.frameCount = frameCount
        self.envelope = envelope
    }
}
