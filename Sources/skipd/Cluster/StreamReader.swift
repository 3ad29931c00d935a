import NATS
import SkipRNN

/// Reads the messages of a filter from a JetStream stream, each once and in the stream's order, whatever happens on the way.
///
/// What it uses on the servers is disposable: an ephemeral consumer in memory that asks for no acknowledgements. The position is kept here.
/// The consumer counts what it sends; where the count has a gap, where nothing is heard past a request's time, or where the connection was
/// made anew, the consumer is thrown away and another one begins behind the last message that came.
final class StreamReader {
    /// A message with its place in the stream.
    struct Delivery {
        let message: NATSMessage
        let sequence: UInt64
        /// When JetStream stored it, in nanoseconds since the Unix epoch.
        let time: Int64
    }

    private let link: ClusterLink
    private let stream: String
    private let filter: String
    /// The first sequence that is wanted next; nil begins with the last message of each subject.
    private var next: UInt64?
    private let deliver: (Delivery) -> Void
    /// Called when all that the stream had has come; perhaps more than once.
    private let caughtUp: () -> Void
    private let hasRoom: () -> Bool

    private enum Stage { case resting(until: Int64), creating, ready, pulling(deadline: Int64), closed }
    private var stage = Stage.resting(until: 0)
    private var consumer = ""
    private var receiver: UInt64 = 0
    /// The consumer's number of its last message.
    private var delivered: UInt64 = 0
    private var outstanding = 0
    private var reconnects: UInt64
    /// Consumers made so far.
    private(set) var made = 0

    private static let batch = 128
    private static let expiry: Int64 = 4_000_000_000
    private static let pause: Int64 = 200_000_000

    init(_ link: ClusterLink, stream: String, filter: String, from next: UInt64?, hasRoom: @escaping () -> Bool = { true }, caughtUp: @escaping () -> Void = {}, deliver: @escaping (Delivery) -> Void) {
        (self.link, self.stream, self.filter, self.next) = (link, stream, filter, next)
        (self.hasRoom, self.caughtUp, self.deliver) = (hasRoom, caughtUp, deliver)
        reconnects = link.connection.reconnects
        tick()
    }

    /// Does what is due.
    func tick() {
        let now = Time.monotonic
        if reconnects != link.connection.reconnects { restart(pause: 0) }
        switch stage {
        case .resting(let until): if now >= until { create() }
        case .ready: if hasRoom() { pull() }
        case .pulling(let deadline): if now > deadline { restart(pause: 0) }
        case .creating, .closed: break
        }
    }

    func close() {
        release()
        stage = .closed
    }

    /// Throws the consumer away.
    private func release() {
        link.close("\(stream).\(consumer)", receiver)
        if !consumer.isEmpty { link.connection.publish("$JS.API.CONSUMER.DELETE.\(stream).\(consumer)", reply: "r0", []) }
        consumer = ""
    }

    private func restart(pause: Int64) {
        if case .closed = stage { return }
        release()
        reconnects = link.connection.reconnects
        stage = .resting(until: Time.monotonic + pause)
    }

    private func create() {
        stage = .creating
        made += 1
        let attempt = made
        var request = Array(#"{"stream_name":"\#(stream)","config":{"ack_policy":"none","mem_storage":true,"num_replicas":1,"inactive_threshold":30000000000,"filter_subject":"#.utf8)
        request.appendJSON(filter)
        if let next { request += #","deliver_policy":"by_start_sequence","opt_start_seq":\#(max(1, next))}}"#.utf8 } else { request += #","deliver_policy":"last_per_subject"}}"#.utf8 }
        link.ask("$JS.API.CONSUMER.CREATE.\(stream)", request) { [weak self] message in
            guard let self, case .creating = stage, made == attempt else { return }
            guard let message, let made = Self.read(message) else { return restart(pause: Self.pause) }
            consumer = made.name
            (delivered, outstanding) = (0, 0)
            receiver = link.open("\(stream).\(consumer)") { [weak self] in self?.receive($0) }
            stage = .ready
            if made.pending == 0 { caughtUp() }
            tick()
        }
    }

    /// The name of a consumer that was made, and how much it has to deliver.
    private static func read(_ message: NATSMessage) -> (name: String, pending: UInt64)? {
        var (name, pending): (String?, UInt64) = (nil, 0)
        do throws(JSONError) {
            var reader = JSONReader(message.bytes)
            try reader.object { (reader, key) throws(JSONError) in
                if key.equals("name") { name = try reader.text().string } else if key.equals("num_pending") { pending = try reader.integer() } else { try reader.skipValue() }
            }
        } catch { return nil }
        return name.map { ($0, pending) }
    }

    private func pull() {
        stage = .pulling(deadline: Time.monotonic + Self.expiry + 1_500_000_000)
        outstanding = Self.batch
        link.connection.publish("$JS.API.CONSUMER.MSG.NEXT.\(stream).\(consumer)", reply: "c\(receiver)", Array(#"{"batch":\#(Self.batch),"expires":\#(Self.expiry)}"#.utf8))
    }

    private func receive(_ message: NATSMessage) {
        guard case .pulling = stage else { return }
        if let status = message.status {
            // 408 and 404: the request's time is over, and so much of it was not delivered; anything else is the consumer's end.
            guard status == 408 || status == 404, message.header("Nats-Pending-Messages").map({ Int($0) == outstanding }) ?? true else { return restart(pause: status == 408 ? 0 : Self.pause) }
            stage = .ready
            return tick()
        }
        // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>
        guard let tokens = message.reply?.split(separator: "."), tokens.count >= 9 else { return }
        let offset = tokens.count > 9 ? 2 : 0
        guard let sequence = UInt64(tokens[5 + offset]), let number = UInt64(tokens[6 + offset]), let time = Int64(tokens[7 + offset]), let pending = UInt64(tokens[8 + offset]) else { return }
        guard number == delivered + 1 else { return restart(pause: 0) }
        delivered = number
        outstanding -= 1
        if next != nil { next = sequence + 1 }
        deliver(Delivery(message: message, sequence: sequence, time: time))
        if case .closed = stage { return }
        if pending == 0 { caughtUp() }
        guard case .pulling = stage, outstanding == 0 else { return }
        stage = .ready
        tick()
    }
}
