import Glibc
import Logging
import NATS
import SkipConfiguration
import SkipRNN
import SkipStream

/// A worker: it has some of the shards, works off their samples in JetStream's order, and publishes results and states into JetStream.
///
/// All that makes up a shard's state is a function of its samples in their order, so that any two workers compute the same. What must not be
/// is that one of them publishes into a gap, or behind what the other has published already: each result and each state names the last
/// message of its subject, and JetStream refuses it where that is another one.
final class Worker {
    let link: ClusterLink
    let name: String
    let logger: Logger
    /// How long others wait for a sign of life, in nanoseconds.
    let lease: Int64
    let results: OrderedPublisher
    let states: OrderedPublisher
    /// By number.
    var shards: [Int: OwnedShard] = [:]
    var members: ClusterMembers
    /// Readers of the two buckets.
    var watches: [StreamReader] = []
    /// What the buckets say of shards.
    var keys: [Int: ShardKey] = [:]
    /// Reads the samples: all of them, since a consumer with a filter would cost the servers a walk over the stream for each shard.
    var samples: StreamReader?
    /// Reads states, as long as shards are loaded.
    var stateReader: StreamReader?
    /// The last sample that was taken, of whatever shard: all of a running shard's up to there are in its streams' states.
    private(set) var position: UInt64 = 0
    /// Shards whose states have come, and shards that have gone, since the processor was last at hand.
    var loaded: [OwnedShard] = []
    var gone: Set<Int> = []
    var cycle = CheckpointCycle.idle(due: 0)
    let checkpointInterval: Int64
    /// Copies of streams that are to be stored, with the last sample each of them has.
    var copies: [(shard: OwnedShard, subject: String, position: UInt64, record: [UInt8])] = []
    /// Keys that are being written.
    var keysLeft = 0
    var cycleBegun: Int64 = 0
    /// Checkpoints so far, what they stored, and how long the last one took in nanoseconds; shards that were lost.
    var checkpoints: UInt64 = 0
    var checkpointBytes: UInt64 = 0
    var lastCheckpointDuration: Int64 = 0
    var lost: UInt64 = 0
    var lastBeat: Int64 = 0
    var nextTick: Int64 = 0
    /// Set once the process is to end.
    var isStopping = false
    /// Refused states and the like, which are logged once.
    var hasComplained = false

    /// Samples that have come and wait for the processor.
    private var ready: [StreamReader.Delivery] = []
    private var readyStart = 0
    /// The samples of the block in work, one of a stream, by its tokens: their sequences, and how many results each has had.
    private var block: [String: (sequence: UInt64, results: UInt64)] = [:]
    /// By a result's header all who compute it order it alike: the sample's sequence, and which of that sample's results it is. Not its `n`: that
    /// begins anew with a stream that had expired or was evicted.
    private static let orderHeader = "Skipd-Order"
    /// A message has fewer timesteps than 2¹⁶, and each fewer results than 2⁴.
    private static let resultBits: UInt64 = 20
    private let names = UnsafeMutableRawBufferPointer.allocate(byteCount: StreamProcessor.blockSize * 256, alignment: 1)

    /// Results not stored yet, and samples not worked off yet, at most (but for a block, and for what was asked for already).
    private static let mostResults = 8192
    private static let mostReady = 4096

    init(_ link: ClusterLink, name: String, _ configuration: Configuration, logger: Logger) {
        (self.link, self.name, self.logger) = (link, name, logger)
        lease = configuration.cluster.lease.components.seconds * 1_000_000_000 + configuration.cluster.lease.components.attoseconds / 1_000_000_000
        let interval = configuration.state.checkpointInterval.components
        checkpointInterval = interval.seconds * 1_000_000_000 + interval.attoseconds / 1_000_000_000
        results = OrderedPublisher(link, fence: .init(stream: ClusterStreams.results) { record in record.header(Self.orderHeader).flatMap { UInt64($0) } ?? 0 })
        states = OrderedPublisher(link, fence: .init(stream: ClusterStreams.states) { record in record.header("Skipd-Position").flatMap { UInt64($0) } ?? 0 })
        members = ClusterMembers(name, lease: lease, now: Time.sinceBoot)
        watch()
    }

    deinit { names.deallocate() }

    /// Does what is due: takes what has come, works off a block, moves shards and checkpoints on.
    /// - Returns: whether there is more to do at once.
    func advance(_ processor: inout StreamProcessor) -> Bool {
        link.receive()
        results.tick()
        states.tick()
        if !gone.isEmpty {
            let gone = gone
            self.gone = []
            processor.forgetStreams { gone.contains($0) }
            states.forget { subject in Int(subject.dropFirst(6).prefix { $0 != "." }).map(gone.contains) ?? false }
            results.forget { subject in ClusterSubject.name(subject.dropFirst(7)).map { gone.contains(SkipStream.shard(of: $0)) } ?? false }
        }
        if !loaded.isEmpty { take(&processor) }
        if Time.monotonic >= nextTick {
            nextTick = Time.monotonic + 100_000_000
            tick()
        }
        workOffBlock(&processor)
        advanceCycle(&processor)
        return readyStart < ready.count && results.count < Self.mostResults
    }

    var hasRoom: Bool { ready.count - readyStart < Self.mostReady && results.count < Self.mostResults }

    /// Hands all shards over, which takes a few round trips, at most so many nanoseconds.
    func finish(_ processor: inout StreamProcessor, patience: Int64) {
        isStopping = true
        let deadline = Time.monotonic + patience
        for shard in shards.values { release(shard) }
        while !shards.isEmpty, Time.monotonic < deadline {
            _ = advance(&processor)
            Time.pause(milliseconds: 1)
        }
        leave()
    }

    /// Publishes a result; called by the processor's sink.
    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        guard Self.isResult(topic) else { return }
        let stream = UnsafeRawBufferPointer(rebasing: topic.dropFirst(7))
        let tokens = ClusterSubject.tokens(stream)
        // Results come of samples only.
        guard let sample = block[tokens] else { return }
        block[tokens]?.results += 1
        let order = sample.sequence << Self.resultBits | sample.results
        let headers = [("Nats-Msg-Id", "\(tokens):\(order)"), (Self.orderHeader, "\(order)"), ("Skipd-Worker", name)]
        results.publish("result.\(tokens)", .init(headers: headers, bytes: Array(body), order: order))
    }

    static func isResult(_ topic: UnsafeRawBufferPointer) -> Bool { topic.count > 7 && topic.starts(with: "result/".utf8) }

    /// Begins to read samples anew where shards have come that are behind, each from its own position on.
    func read(for coming: [OwnedShard]) {
        guard let first = coming.map(\.processed).min() else { return }
        let isRunning = samples != nil
        if isRunning {
            guard first < position else { return }
            for shard in shards.values where shard.phase == .running && !coming.contains(where: { $0 === shard }) { shard.processed = max(shard.processed, position) }
        }
        samples?.close()
        (ready, readyStart) = ([], 0)
        position = first
        samples = StreamReader(link, stream: ClusterStreams.samples, from: first + 1, hasRoom: { [weak self] in self?.hasRoom ?? false }) { [weak self] delivery in
            self?.ready.append(delivery)
        }
    }

    private func workOffBlock(_ processor: inout StreamProcessor) {
        guard readyStart < ready.count, results.count < Self.mostResults else { return }
        var messages: [IncomingMessage] = []
        var arrivals: [Int64] = []
        let start = readyStart
        block.removeAll(keepingCapacity: true)
        for each in ready[start..<min(ready.count, start + StreamProcessor.blockSize)] {
            // samples.<shard>.<stream>
            let subject = each.message.subject
            let place = subject.dropFirst(8)
            let tokens = place.drop { $0 != "." }.dropFirst()
            // A stream's next sample is the next block's.
            guard block[String(tokens)] == nil else { break }
            block[String(tokens)] = (each.sequence, 0)
            readyStart += 1
            position = each.sequence
            guard let number = Int(place.prefix { $0 != "." }), let shard = shards[number], shard.phase == .running, each.sequence > shard.processed else { continue }
            (shard.processed, shard.hasNews) = (each.sequence, true)
            guard let message = incoming(each, shard, tokens, at: messages.count, &processor) else { continue }
            messages.append(message)
            arrivals.append(each.time)
        }
        if !messages.isEmpty {
            messages.withUnsafeBufferPointer { messages in arrivals.withUnsafeBufferPointer { processor.process(messages, arrivals: $0, clock: Time.monotonic) } }
        }
        // Messages live until here.
        withExtendedLifetime(ready[start..<readyStart]) {}
        if readyStart == ready.count { (ready, readyStart) = ([], 0) } else if readyStart > 4096 {
            ready.removeFirst(readyStart)
            readyStart = 0
        }
    }

    /// A sample as a device would have sent it; nil where the stream's state has it already, or where nobody should have sent it so.
    private func incoming(_ delivery: StreamReader.Delivery, _ shard: OwnedShard, _ tokens: Substring, at place: Int, _ processor: inout StreamProcessor) -> IncomingMessage? {
        let message = delivery.message
        guard let name = ClusterSubject.name(tokens), name.count <= SampleFrames.maximumName, SkipStream.shard(of: name) == shard.number else {
            message.subject.utf8.withContiguousStorageIfAvailable { processor.drop(.malformed, UnsafeRawBufferPointer($0), "its subject is not that of a stream in its shard") }
            return nil
        }
        if shard.isIncluded(name, delivery.sequence) { return nil }
        let bytes = message.bytes
        let room = UnsafeMutableRawBufferPointer(rebasing: names[(place * 256)..<(place * 256 + name.count)])
        room.copyBytes(from: name)
        let first = UnsafeRawBufferPointer(room)
        guard let header = message.header("Skipd-Header") else { return IncomingMessage(first, bytes, frameCount: 2) }
        guard let count = Int(header), 0...bytes.count ~= count else {
            processor.drop(.malformed, first, "its Skipd-Header is not a length within it")
            return nil
        }
        return IncomingMessage(first, UnsafeRawBufferPointer(rebasing: bytes[..<count]), UnsafeRawBufferPointer(rebasing: bytes[count...]), frameCount: 3)
    }
}

/// A shard that a worker has, or is about to have.
final class OwnedShard {
    enum Phase { case claiming, loading, running, releasing }

    let number: Int
    let epoch: UInt64
    var phase = Phase.claiming
    /// The revision of its key.
    var revision: UInt64 = 0
    /// What its key says is stored.
    var stored: UInt64
    /// The last sample that the processor has had.
    var processed: UInt64
    /// What the present checkpoint stores.
    var cut: UInt64?
    /// A Boolean value indicating whether that is the last before the shard is handed over.
    var isLast = false
    /// A Boolean value indicating whether samples have come since its key was written.
    var hasNews = false
    /// A Boolean value indicating whether the present checkpoint, or one before, was to write its key and has not.
    var mustWrite = false
    /// States as they come, by subject.
    var incoming: [String: (sequence: UInt64, position: UInt64, record: [UInt8])] = [:]
    /// Up to which sample a stream's state is ahead of `stored`, by name; and the largest of these.
    private var included: [[UInt8]: UInt64] = [:]
    private var lastIncluded: UInt64 = 0

    init(_ number: Int, _ key: ShardKey) {
        (self.number, epoch, stored, processed) = (number, key.epoch + 1, key.position, key.position)
    }

    func include(_ name: [UInt8], upTo sequence: UInt64) {
        included[name] = sequence
        lastIncluded = max(lastIncluded, sequence)
    }

    /// A Boolean value indicating whether a stream's state has a sample already.
    func isIncluded(_ name: [UInt8], _ sequence: UInt64) -> Bool {
        guard !included.isEmpty else { return false }
        guard sequence <= lastIncluded else {
            included = [:]
            return false
        }
        return included[name].map { sequence <= $0 } ?? false
    }
}
