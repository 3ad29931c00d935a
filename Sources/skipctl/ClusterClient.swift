import Glibc
import NATS
import SkipConfiguration
import SkipStream

/// Asks the NATS servers that a configuration names what they have of a cluster.
struct ClusterClient {
    let connection: NATSConnection
    private static let patience = Duration.seconds(5)

    init(_ configuration: Configuration, path: String) throws(CommandFailure) {
        let cluster = configuration.cluster
        guard !cluster.servers.isEmpty else { throw CommandFailure("\(path) names no NATS servers; give it a [cluster] with servers = [\"nats://…\"], or another file with --config") }
        do throws(NATSError) {
            connection = try NATSConnection(.init(
                servers: cluster.servers, name: "skipctl", credentials: cluster.credentials, ca: cluster.ca, certificate: cluster.certificate, key: cluster.key))
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// A message of a stream.
    struct Stored {
        let subject: String
        let bytes: [UInt8]
    }

    /// What a JetStream call answers; nil where the stream isn't there.
    private func ask(_ call: String, _ body: String = "") throws(CommandFailure) -> JSONValue? {
        let answer: NATSMessage
        do throws(NATSError) { answer = try connection.request("$JS.API.\(call)", body, timeout: Self.patience) } catch { throw CommandFailure("\(error)") }
        guard answer.status == nil, let json = JSONValue(answer.copiedBytes) else { throw CommandFailure("JetStream does not answer: it has no leader at the moment, or is not enabled on these servers") }
        guard let error = json["error"] else { return json }
        if error["code"]?.integer == 404 { return nil }
        throw CommandFailure("JetStream refuses: \(error["description"]?.string ?? error.text)")
    }

    /// A stream's state, as JetStream tells it; nil where the stream isn't there.
    func state(of stream: String) throws(CommandFailure) -> JSONValue? { try ask("STREAM.INFO.\(stream)") }

    /// Makes a consumer that nobody has to remove.
    /// - Returns: its name, and how many messages are there; nil where the stream isn't there.
    func consumer(of stream: String, filter: String, start: JetStreamConsumer.Start) throws(CommandFailure) -> (name: String, pending: Int)? {
        let request = JetStreamConsumer.request(stream: stream, filter: filter, start: start)
        guard let made = try ask("CONSUMER.CREATE.\(stream)", request) else { return nil }
        guard let name = made["name"]?.string else { throw CommandFailure("JetStream makes no consumer: \(made.text)") }
        return (name, made["num_pending"]?.integer ?? 0)
    }

    /// Asks for a consumer's next messages, which come by `next`.
    func pull(_ consumer: String, of stream: String, batch: Int, expires: Duration) {
        connection.publish("$JS.API.CONSUMER.MSG.NEXT.\(stream).\(consumer)", reply: "pull", Array(#"{"batch":\#(batch),"expires":\#(Int(expires / .nanoseconds(1)))}"#.utf8))
    }

    /// The next message that comes, at most until a deadline; nil where the time is over or a signal came.
    func next(until deadline: ContinuousClock.Instant?) -> NATSMessage? {
        if let message = connection.next() { return message }
        let left = deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
        var wait = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&wait, 1, left.map { CInt(clamping: Int64(($0 / .milliseconds(1)).rounded(.up))) } ?? -1)
        return connection.next()
    }

    /// The latest message of each subject of a bucket; none where it isn't there.
    func latest(in stream: String) throws(CommandFailure) -> [Stored] {
        guard let (consumer, count) = try consumer(of: stream, filter: ">", start: .lastPerSubject), count > 0 else { return [] }
        var found: [Stored] = []
        pull(consumer, of: stream, batch: count, expires: Self.patience)
        while found.count < count {
            // What comes late was overwritten meanwhile, and does not come any more.
            guard let message = next(until: .now + Self.patience), message.status == nil else { break }
            found.append(Stored(subject: message.subject, bytes: message.copiedBytes))
        }
        return found
    }
}

/// What the cluster's buckets say.
struct ClusterState {
    struct Shard {
        let number: Int
        /// Empty for nobody.
        let owner: String
        let epoch, position: Int
        /// Samples of this shard behind the position; nil where they weren't counted.
        var lag: Int?
    }

    let workers: [String]
    var shards: [Shard] = []
    /// Sequences of the last sample; how many samples and results are kept.
    let lastSample, samples, results: Int

    init(_ client: ClusterClient) throws(CommandFailure) {
        guard let samples = try client.state(of: "skipd-samples")?["state"] else { throw CommandFailure("these NATS servers have no stream skipd-samples: no gateway or worker of a cluster has ever connected") }
        (lastSample, self.samples) = (samples["last_seq"]?.integer ?? 0, samples["messages"]?.integer ?? 0)
        results = try client.state(of: "skipd-results")?["state"]?["messages"]?.integer ?? 0
        workers = try client.latest(in: "KV_skipd-workers").filter { !$0.bytes.isEmpty }.compactMap { $0.subject.split(separator: ".").last.map(String.init) }.sorted()
        for key in try client.latest(in: "KV_skipd-shards") {
            guard let number = key.subject.split(separator: ".").last.flatMap({ Int($0) }), let value = JSONValue(key.bytes) else { continue }
            shards.append(Shard(
                number: number, owner: value["owner"]?.string ?? "", epoch: value["epoch"]?.integer ?? 0, position: value["position"]?.integer ?? 0, lag: nil))
        }
        shards.sort { $0.number < $1.number }
    }

    /// How many shards each worker has; those of nobody under "".
    var shares: [String: Int] {
        var shares = Dictionary(uniqueKeysWithValues: workers.map { ($0, 0) })
        for shard in shards { shares[shard.owner, default: 0] += 1 }
        shares["", default: 0] += ClusterSubject.shards - shards.count
        return shares
    }
}

extension ClusterClient {
    /// How many samples of a shard lie behind a position.
    func lag(of shard: ClusterState.Shard) throws(CommandFailure) -> Int {
        try consumer(of: "skipd-samples", filter: "samples.\(shard.number).>", start: .sequence(UInt64(shard.position) + 1))?.pending ?? 0
    }
}
