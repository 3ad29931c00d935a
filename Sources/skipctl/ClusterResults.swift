import Glibc
import NATS
import SkipStream

/// The results of a cluster's workers as JetStream stores them, from now on: each once, whatever workers come and go.
struct ClusterResults {
    private let client: ClusterClient
    private var consumer: String
    /// The last result that has come, by its sequence.
    private var last: UInt64?
    private var outstanding = 0
    private var deadline = ContinuousClock.now
    /// So many messages are asked for at a time, for so long.
    private static let batch = 256
    private static let expires = Duration.seconds(10)

    init(_ client: ClusterClient) throws(CommandFailure) {
        self.client = client
        consumer = try Self.consumer(client)
    }

    private static func consumer(_ client: ClusterClient, after last: UInt64? = nil) throws(CommandFailure) -> String {
        guard let made = try client.consumer(of: "skipd-results", filter: "result.>", start: last.map { .sequence($0 + 1) } ?? .new) else {
            throw CommandFailure("these NATS servers have no stream skipd-results: no gateway or worker of a cluster has ever connected")
        }
        return made.name
    }

    /// Waits for a result, at most until `limit`.
    /// - Returns: topic and body, as skipd publishes them by ZeroMQ; nil where the time ran out or a signal came.
    mutating func receive(until limit: ContinuousClock.Instant?) throws(CommandFailure) -> [[UInt8]]? {
        while true {
            if outstanding == 0 {
                client.pull(consumer, of: "skipd-results", batch: Self.batch, expires: Self.expires)
                (outstanding, deadline) = (Self.batch, .now + Self.expires + .seconds(2))
            }
            guard let message = client.next(until: min(limit ?? deadline, deadline)) else {
                if deadline <= .now {
                    // The server that had the consumer is gone.
                    consumer = try Self.consumer(client, after: last)
                    outstanding = 0
                    continue
                }
                return nil
            }
            if let status = message.status {
                outstanding = 0
                // 404 and 408: nothing there, and the request's time is over; anything else is the consumer's end.
                if status != 404, status != 408 {
                    usleep(200_000)
                    consumer = try Self.consumer(client, after: last)
                }
                continue
            }
            let subject = message.subject
            guard subject.hasPrefix("result."), let name = ClusterSubject.name(subject.dropFirst("result.".count)) else { continue }
            outstanding -= 1
            guard let sequence = JetStreamPlace(message)?.sequence, sequence > last ?? 0 else { continue }
            last = sequence
            return [Array("result/".utf8) + name, message.copiedBytes]
        }
    }
}
