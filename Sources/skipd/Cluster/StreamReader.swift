import NATS
import SkipRNN

/// Reads the messages of a filter from a JetStream stream, each once and in the stream's order, whatever happens on the way.
///
/// What it uses on the servers is disposable: an ephemeral consumer in memory that asks for no acknowledgements. The position is kept here.
/// The consumer counts what it sends; where the count has a gap, where nothing is heard past a request's time, or where the connection was
/// made anew, the consumer is thrown away and another one begins behind the last message that came. So it is where the consumer is silent
/// although the stream's leader has more: it then runs on a server whose copy of the stream has fallen behind, which nats-server 2.9 may not
/// mend for as long as that server runs, and the next one is as likely as not elsewhere.
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
    /// A pattern that every subject of the stream matches; nil says the same, but not to a consumer that begins with each subject's last message.
    private let filter: String?
    /// The first sequence that is wanted next; nil begins with the last message of each subject.
    private var next: UInt64?
    private let deliver: (Delivery) -> Void
    /// Called once, when all has come that the stream had when reading began.
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
    /// The last message that has come, or the one before the first that is wanted.
    private var reached: UInt64
    /// The last message of all that was there when reading began, as the leader said; nil as long as it hasn't.
    private var goal: UInt64?
    private var isCaughtUp = false
    /// A message that the leader has and that has not come; nil where none is known.
    private var missing: UInt64?
    /// When a message last came or the leader was last asked.
    private var lastNews: Int64 = 0
    /// Consumers made so far.
    private(set) var made = 0

    private static let batch = 256
    private static let expiry: Int64 = 4_000_000_000
    private static let pause: Int64 = 200_000_000
    private static let silence: Int64 = 1_000_000_000

    init(_ link: ClusterLink, stream: String, filter: String? = nil, from next: UInt64?, hasRoom: @escaping () -> Bool = { true }, caughtUp: @escaping () -> Void = {}, deliver: @escaping (Delivery) -> Void) {
        (self.link, self.stream, self.filter, self.next) = (link, stream, filter, next)
        (self.hasRoom, self.caughtUp, self.deliver) = (hasRoom, caughtUp, deliver)
        reconnects = link.connection.reconnects
        reached = (next ?? 1) - 1
        askLeader()
        tick()
    }

    /// Does what is due.
    func tick() {
        let now = Time.monotonic
        if reconnects != link.connection.reconnects { restart(pause: 0) }
        switch stage {
        case .resting(let until): if now >= until { create() }
        case .ready: if hasRoom() { pull() }
        case .pulling(let deadline): if now > deadline { restart(pause: 0) } else if now - lastNews > Self.silence { look() }
        case .creating, .closed: break
        }
    }

    /// Finds out whether a silent consumer has nothing to say. What the leader has may be on its way still, so it is given the time until the next look.
    private func look() {
        if let missing, reached < missing { return restart(pause: 0) }
        askLeader()
    }

    private func askLeader() {
        lastNews = Time.monotonic
        link.ask("$JS.API.STREAM.INFO.\(stream)", []) { [weak self] message in
            guard let self, let message, let last = Self.lastSequence(message) else { return }
            if case .closed = stage { return }
            missing = last
            if goal == nil { goal = last }
            checkGoal()
        }
    }

    /// The stream's last message, 0 where it has none; nil where that isn't an answer.
    private static func lastSequence(_ message: NATSMessage) -> UInt64? {
        var (last, count): (UInt64?, UInt64) = (nil, 0)
        do throws(JSONError) {
            var reader = JSONReader(message.bytes)
            try reader.object { (reader, key) throws(JSONError) in
                guard key.equals("state") else { return try reader.skipValue() }
                try reader.object { (reader, key) throws(JSONError) in
                    if key.equals("last_seq") { last = try reader.integer() } else if key.equals("messages") { count = try reader.integer() } else { try reader.skipValue() }
                }
            }
        } catch { return nil }
        return last.map { count > 0 ? $0 : 0 }
    }

    private func checkGoal() {
        guard !isCaughtUp, let goal, reached >= goal else { return }
        isCaughtUp = true
        caughtUp()
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
        missing = nil
        lastNews = Time.monotonic
        reconnects = link.connection.reconnects
        stage = .resting(until: Time.monotonic + pause)
    }

    private func create() {
        stage = .creating
        made += 1
        let attempt = made
        let request = JetStreamConsumer.request(stream: stream, filter: filter, start: next.map { .sequence($0) } ?? .lastPerSubject)
        link.ask("$JS.API.CONSUMER.CREATE.\(stream)", Array(request.utf8)) { [weak self] message in
            guard let self, case .creating = stage, made == attempt else { return }
            guard let message, let name = Self.name(message) else { return restart(pause: Self.pause) }
            consumer = name
            (delivered, outstanding) = (0, 0)
            receiver = link.open("\(stream).\(consumer)") { [weak self] in self?.receive($0) }
            stage = .ready
            tick()
        }
    }

    /// The name of a consumer that was made.
    private static func name(_ message: NATSMessage) -> String? {
        var name: String?
        do throws(JSONError) {
            var reader = JSONReader(message.bytes)
            try reader.object { (reader, key) throws(JSONError) in if key.equals("name") { name = try reader.text().string } else { try reader.skipValue() } }
        } catch { return nil }
        return name
    }

    private func pull() {
        let now = Time.monotonic
        stage = .pulling(deadline: now + Self.expiry + 1_500_000_000)
        // It may have had no room for long.
        (lastNews, missing) = (now, nil)
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
        guard let place = JetStreamPlace(message) else { return }
        guard place.number == delivered + 1 else { return restart(pause: 0) }
        delivered = place.number
        outstanding -= 1
        // A server whose copy ends before the wanted message begins with what it has.
        if place.sequence > reached {
            (reached, lastNews) = (place.sequence, Time.monotonic)
            if next != nil { next = place.sequence + 1 }
            deliver(Delivery(message: message, sequence: place.sequence, time: place.time))
            if case .closed = stage { return }
            checkGoal()
            if case .closed = stage { return }
        }
        guard case .pulling = stage, outstanding == 0 else { return }
        stage = .ready
        tick()
    }
}
