import SkipStream

/// A gateway: it publishes devices' messages into JetStream. What is not stored yet is bounded; beyond that it takes no more from its
/// sockets, so that a device's PUSH socket waits.
final class Gateway {
    let link: ClusterLink
    let name: String
    let publisher: OrderedPublisher
    /// Who may publish what, where devices have keys.
    var grants = PublishGrants()
    /// Begins the messages' ids: another one in each process.
    private let identity: String
    private var number: UInt64 = 0

    /// Messages on their way at most, but for a block.
    private static let bound = 4096
    /// NATS' own limit is 1 MiB, with headers.
    private static let largest = (1 << 20) - 1024

    init(_ link: ClusterLink, name: String) {
        (self.link, self.name) = (link, name)
        publisher = OrderedPublisher(link)
        identity = "\(name)-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    var hasRoom: Bool { publisher.count < Self.bound }

    /// Publishes a block's messages; what could be nobody's stream is dropped.
    func passOn(_ block: UnsafeBufferPointer<IncomingMessage>, _ processor: inout StreamProcessor) {
        for message in block {
            guard let frames = SampleFrames(message) else {
                processor.drop(.malformed, UnsafeRawBufferPointer(rebasing: message.first.prefix(SampleFrames.maximumName)), "its frames are not of the wire protocol")
                continue
            }
            let name = frames.name
            guard message.origin == IncomingMessage.anyone || grants.allow(message.origin, name) else {
                processor.deny(stream: name, origin: message.origin)
                continue
            }
            guard SampleFrames.isValidName(name) else {
                processor.drop(.malformed, name, "its stream name is not UTF-8 without control characters")
                continue
            }
            let headerCount = frames.header?.count ?? 0
            guard headerCount + frames.payload.count <= Self.largest else {
                processor.drop(.overLimit, name, "it is larger than NATS takes")
                continue
            }
            processor.countPassedOn()
            number += 1
            var bytes: [UInt8] = []
            bytes.reserveCapacity(headerCount + frames.payload.count)
            if let header = frames.header { bytes.append(contentsOf: header) }
            bytes.append(contentsOf: frames.payload)
            var headers = [("Nats-Msg-Id", "\(identity):\(number)")]
            if frames.header != nil { headers.append(("Skipd-Header", "\(headerCount)")) }
            publisher.publish(ClusterSubject.samples(name), .init(headers: headers, bytes: bytes))
        }
    }

    func advance() {
        link.receive()
        publisher.tick()
    }

    /// Waits until everything is stored, at most so many nanoseconds.
    func finish(patience: Int64) {
        let deadline = Time.monotonic + patience
        while publisher.count > 0, Time.monotonic < deadline {
            advance()
            Time.pause(milliseconds: 1)
        }
    }
}
