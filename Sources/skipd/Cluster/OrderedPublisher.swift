import NATS
import SkipRNN

/// Publishes into JetStream, each message until it is stored, and those of one subject in their order: at most one of a subject is on its
/// way, others wait behind it; subjects don't wait for each other.
///
/// A fenced publisher names with each message the sequence of its subject's last one, so that JetStream refuses it where somebody else has
/// published since. What was refused is compared with the subject's last message by `order`: a number that grows with a subject's messages
/// and is the same whoever computes them.
final class OrderedPublisher {
    struct Publication {
        var headers: [(String, String)]
        var bytes: [UInt8]
        /// The number by which a fenced subject's messages are ordered.
        var order: UInt64
        /// When it was handed over, for `mark`.
        fileprivate var generation = 0

        init(headers: [(String, String)], bytes: [UInt8], order: UInt64 = 0) { (self.headers, self.bytes, self.order) = (headers, bytes, order) }
    }

    private struct Lane {
        var waiting: ArraySlice<Publication> = []
        var isInFlight = false
        /// The sequence of the subject's last message, 0 for none; nil as long as it isn't known.
        var lastSequence: UInt64?
        /// Of the subject's last message.
        var lastOrder: UInt64 = 0
        /// Not before this monotonic time.
        var retry: Int64 = 0
    }

    /// How to look at a fenced subject's last message: its stream, and its order.
    struct Fence {
        var stream: String
        var order: (NATSRecord) -> UInt64
    }

    private let link: ClusterLink
    private let fence: Fence?
    private var lanes: [String: Lane] = [:]
    /// Subjects to be tried again.
    private var retries: Set<String> = []
    /// Messages not stored yet, and those of each generation.
    private(set) var count = 0
    private var generation = 0
    private var generations: [Int: Int] = [:]
    /// Messages stored since the start, and tries that failed.
    private(set) var stored: UInt64 = 0
    private(set) var failures: UInt64 = 0
    /// Why the last try failed; nil where it did not.
    private(set) var problem: String?

    private static let pause: Int64 = 100_000_000

    init(_ link: ClusterLink, fence: Fence? = nil) {
        self.link = link
        self.fence = fence
    }

    /// Publishes a message as soon as those before it are stored.
    func publish(_ subject: String, _ publication: Publication) {
        var publication = publication
        publication.generation = generation
        lanes[subject, default: Lane()].waiting.append(publication)
        count += 1
        generations[generation, default: 0] += 1
        advance(subject)
    }

    /// Says what a fenced subject's last message is, where that is known already.
    func know(_ subject: String, lastSequence: UInt64, order: UInt64) {
        lanes[subject, default: Lane()].lastSequence = lastSequence
        lanes[subject]?.lastOrder = order
    }

    /// Begins a new generation.
    /// - Returns: the one that has ended: `isStored` tells when all of it, and of those before it, is stored.
    func mark() -> Int {
        generation += 1
        return generation - 1
    }

    func isStored(_ generation: Int) -> Bool { !generations.keys.contains { $0 <= generation } }

    /// Tries again what is due.
    func tick() {
        guard !retries.isEmpty else { return }
        let now = Time.monotonic
        for subject in retries where (lanes[subject]?.retry ?? 0) <= now {
            retries.remove(subject)
            advance(subject)
        }
    }

    /// Forgets what is still to be published of shards, and what is known of their subjects.
    func forget(_ isOfShard: (_ subject: String) -> Bool) {
        for (subject, lane) in lanes where isOfShard(subject) {
            for publication in lane.waiting { uncount(publication) }
            lanes[subject] = nil
            retries.remove(subject)
        }
    }

    private func uncount(_ publication: Publication) {
        count -= 1
        let left = (generations[publication.generation] ?? 1) - 1
        generations[publication.generation] = left > 0 ? left : nil
    }

    private func advance(_ subject: String) {
        guard let lane = lanes[subject], !lane.isInFlight, let publication = lane.waiting.first, lane.retry <= Time.monotonic else { return }
        var headers = publication.headers
        if let fence {
            guard let last = lane.lastSequence else { return look(subject, fence) }
            // It is there already: whoever computes it, it has the same bytes.
            if publication.order <= lane.lastOrder { return finish(subject, publication, sequence: last) }
            headers.append(("Nats-Expected-Last-Subject-Sequence", "\(last)"))
        }
        lanes[subject]?.isInFlight = true
        link.ask(subject, headers: headers, publication.bytes) { [weak self] in self?.answer(subject, publication, StoreAnswer($0)) }
    }

    private func answer(_ subject: String, _ publication: Publication, _ answer: StoreAnswer) {
        // A shard that was given up, and perhaps taken again, has nothing in flight.
        guard let lane = lanes[subject], lane.isInFlight, lane.waiting.first?.generation == publication.generation, lane.waiting.first?.order == publication.order else { return }
        lanes[subject]?.isInFlight = false
        switch answer {
        case .stored(let sequence):
            problem = nil
            finish(subject, publication, sequence: sequence)
        case .wrongSequence:
            lanes[subject]?.lastSequence = nil
            advance(subject)
        case .failed(let reason): fail(subject, reason)
        }
    }

    private func finish(_ subject: String, _ publication: Publication, sequence: UInt64) {
        stored += 1
        uncount(publication)
        lanes[subject]?.waiting.removeFirst()
        if fence != nil {
            let lastOrder = max(lanes[subject]?.lastOrder ?? 0, publication.order)
            know(subject, lastSequence: sequence, order: lastOrder)
        } else if lanes[subject]?.waiting.isEmpty ?? true {
            lanes[subject] = nil
        }
        advance(subject)
    }

    private func fail(_ subject: String, _ reason: String) {
        failures += 1
        problem = reason
        lanes[subject]?.retry = Time.monotonic + Self.pause
        retries.insert(subject)
    }

    /// Looks at a subject's last message.
    private func look(_ subject: String, _ fence: Fence) {
        lanes[subject]?.isInFlight = true
        var request = Array(#"{"last_by_subj":"#.utf8)
        request.appendJSON(subject)
        request.append(UInt8(ascii: "}"))
        link.ask("$JS.API.STREAM.MSG.GET.\(fence.stream)", request) { [weak self] message in
            guard let self, let lane = lanes[subject], lane.isInFlight else { return }
            lanes[subject]?.isInFlight = false
            switch NATSRecord.answer(message) {
            case .failure(let error): fail(subject, error.description)
            case .success(let record):
                know(subject, lastSequence: record?.sequence ?? 0, order: record.map(fence.order) ?? 0)
                advance(subject)
            }
        }
    }
}
