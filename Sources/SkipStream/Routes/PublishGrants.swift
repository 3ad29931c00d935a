/// Which streams each origin of messages may publish. An origin is a device, or an endpoint, by its number (`IncomingMessage.origin`).
public struct PublishGrants: Sendable {
    /// By origin; what isn't there may publish nothing.
    private let patterns: [[StreamPattern]]

    /// Nobody but `IncomingMessage.anyone` may publish.
    public init() { patterns = [] }

    /// - Parameter patterns: by origin; that of `IncomingMessage.anyone` is not looked at.
    public init(byOrigin patterns: [[StreamPattern]]) { self.patterns = patterns }

    /// A Boolean value indicating whether an origin may publish a stream.
    package func allow(_ origin: UInt32, _ name: UnsafeRawBufferPointer) -> Bool {
        Int(origin) < patterns.count && patterns[Int(origin)].contains { $0.matches(name) }
    }
}
