public import SkipStream

/// A block of one-frame messages, one timestep each, of streams `plant/0000000`…: built in place, so that building them touches little memory.
public struct MadeBlock: ~Copyable {
    private let bytes: UnsafeMutableRawPointer
    private let messages: UnsafeMutablePointer<IncomingMessage>
    private let length: Int

    private static let prefix = "plant/"
    private static let digits = 7

    public init(features: Int) {
        let name = Array((Self.prefix + String(repeating: "0", count: Self.digits)).utf8)
        let message = SampleHeader(count: 1).message(stream: name, payload: (0..<features).flatMap { withUnsafeBytes(of: Float($0) / 8) { Array($0) } })
        length = message.count
        bytes = .allocate(byteCount: StreamProcessor.blockSize * length, alignment: 64)
        messages = .allocate(capacity: StreamProcessor.blockSize)
        for index in 0..<StreamProcessor.blockSize {
            let start = bytes + index * length
            start.copyMemory(from: message, byteCount: length)
            (messages + index).initialize(to: IncomingMessage(UnsafeRawBufferPointer(start: start, count: length), frameCount: 1))
        }
    }

    deinit {
        bytes.deallocate()
        messages.deallocate()
    }

    /// Makes message `index` one of another stream.
    public func setStream(_ stream: Int, at index: Int) {
        var rest = stream
        for place in stride(from: Self.prefix.utf8.count + Self.digits - 1, through: Self.prefix.utf8.count, by: -1) {
            bytes.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: index * length + place, as: UInt8.self)
            rest /= 10
        }
    }

    /// The messages; all 64, or the first so many.
    public func messages(_ count: Int = StreamProcessor.blockSize) -> UnsafeBufferPointer<IncomingMessage> { UnsafeBufferPointer(start: messages, count: count) }
}

/// Takes results and forgets them; nobody wants any.
public final class NoSink: ResultSink {
    public init() {}
    public func wants(topic: UnsafeRawBufferPointer) -> Bool { false }
    public func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {}
    public func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) { fatalError("a made message was dropped: \(reason)") }
}
