import NATS
import SkipConfiguration
import SkipRNN

/// The loop's way to NATS: requests that are answered later, and what subscriptions and consumers bring. Nothing here waits.
final class ClusterLink {
    typealias Answer = (NATSMessage?) -> Void

    let connection: NATSConnection
    private var asked: [UInt64: (deadline: Int64, answer: Answer)] = [:]
    private var receivers: [UInt64: (NATSMessage) -> Void] = [:]
    /// The numbers of consumers' receivers, by stream and consumer.
    private var consumers: [Substring: UInt64] = [:]
    private var lastToken: UInt64 = 0
    private var nextExpiry: Int64 = 0

    init(_ cluster: Cluster, name: String) throws(DaemonError) {
        var files: [String?] = []
        do throws(FileFormatError) {
            for file in [cluster.credentials, cluster.ca, cluster.certificate, cluster.key] { files.append(try Self.resolve(file)) }
        } catch {
            throw DaemonError("[cluster]: \(error)")
        }
        do throws(NATSError) {
            connection = try NATSConnection(.init(
                servers: cluster.servers, name: "skipd \(name)", credentials: files[0], ca: files[1], certificate: files[2], key: files[3]))
        } catch {
            throw DaemonError("[cluster] servers: \(error)")
        }
    }

    private static func resolve(_ file: String?) throws(FileFormatError) -> String? {
        guard let file else { return nil }
        return try ServerKey.file(file)
    }

    /// Sends a request; `answer` is called once, with nil where none has come within a timeout in nanoseconds.
    func ask(_ subject: String, headers: [(String, String)] = [], _ bytes: [UInt8], timeout: Int64 = 3_000_000_000, _ answer: @escaping Answer) {
        lastToken += 1
        asked[lastToken] = (Time.monotonic + timeout, answer)
        // Where it can't be sent, the answer does not come.
        connection.publish(subject, reply: "r\(lastToken)", headers: headers, bytes)
    }

    /// Takes what a consumer delivers, until it is closed.
    /// - Parameter consumer: `<stream>.<consumer>`.
    /// - Returns: a number; what the server says of requests comes to the reply subject `c` and that number.
    func open(_ consumer: String, _ receiver: @escaping (NATSMessage) -> Void) -> UInt64 {
        lastToken += 1
        receivers[lastToken] = receiver
        consumers[consumer[...]] = lastToken
        return lastToken
    }

    func close(_ consumer: String, _ number: UInt64) {
        receivers[number] = nil
        consumers[consumer[...]] = nil
    }

    /// Hands out what has come, and tells whose time is over.
    func receive() {
        while let message = connection.next() { dispatch(message) }
        let now = Time.monotonic
        guard now >= nextExpiry else { return }
        nextExpiry = now + 100_000_000
        for (token, each) in asked where each.deadline <= now {
            asked[token] = nil
            each.answer(nil)
        }
    }

    private func dispatch(_ message: NATSMessage) {
        let subject = message.subject
        guard subject.hasPrefix(connection.inbox) else {
            // What a consumer delivers keeps its subject.
            if let place = JetStreamPlace(message), let number = consumers[place.consumer] { receivers[number]?(message) }
            return
        }
        let token = subject.dropFirst(connection.inbox.count)
        guard let number = UInt64(token.dropFirst()) else { return }
        if token.first == "r" { asked.removeValue(forKey: number)?.answer(message) } else { receivers[number]?(message) }
    }
}

/// What JetStream answers to a message that it was to store.
enum StoreAnswer {
    case stored(sequence: UInt64)
    /// The expected last sequence is not the subject's.
    case wrongSequence
    /// Not now, or nobody answered: why.
    case failed(String)

    init(_ message: NATSMessage?) {
        guard let message else { self = .failed("no answer in time"); return }
        if let status = message.status { self = .failed(status == 503 ? "JetStream is not to be had" : "status \(status)"); return }
        var (sequence, problem): (UInt64?, String?)
        var code = 0
        do throws(JSONError) {
            var reader = JSONReader(message.bytes)
            try reader.object { (reader, key) throws(JSONError) in
                if key.equals("seq") { sequence = try reader.integer() } else if key.equals("error") {
                    try reader.object { (reader, key) throws(JSONError) in
                        if key.equals("err_code") { code = try reader.integer() } else if key.equals("description") { problem = try reader.text().string } else { try reader.skipValue() }
                    }
                } else { try reader.skipValue() }
            }
        } catch { problem = "an answer that is no JSON" }
        if code == 10071 { self = .wrongSequence } else if let problem { self = .failed(problem) } else if let sequence { self = .stored(sequence: sequence) } else { self = .failed("an answer without a sequence") }
    }
}
