/// Where results, hints and events go: the one way out of a `StreamProcessor`.
public protocol ResultSink: AnyObject {
    /// A Boolean value indicating whether anybody wants a topic; what nobody wants is not encoded.
    func wants(topic: UnsafeRawBufferPointer) -> Bool
    /// Publishes one message without waiting. The bytes are valid during the call only.
    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer)
    /// Notes a message that could not be used, already counted: its stream, as far as it was read, and what was wrong.
    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString)
    /// Notes a message that its origin may not publish, already counted.
    func denied(stream: UnsafeRawBufferPointer, origin: UInt32)
}

extension ResultSink {
    public func denied(stream: UnsafeRawBufferPointer, origin: UInt32) { dropped(.denied, stream: stream, reason: "its device may not publish this stream") }
}
