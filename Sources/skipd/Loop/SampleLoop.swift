import SkipStream
import Synchronization
import ZeroMQ

/// The daemon's one thread for samples: receives, classifies, publishes, and answers requests between blocks.
///
/// It drains what is there, up to 64 messages, works the block off, and blocks in poll only when there was nothing: no CPU while nothing
/// arrives, and no lock and no queue on a sample's way.
final class SampleLoop: Sendable {
    let mailbox: LoopMailbox
    /// Endpoints in force.
    let ingestEndpoints: [String]
    let resultsEndpoints: [String]
    /// What happens to the sockets' connections, with the names the sockets have in metrics.
    let counters: [(socket: String, counter: ConnectionCounter)]
    /// What the thread owns, until it starts.
    private let content: Mutex<Content?>

    private struct Content: @unchecked Sendable { // Handed from the thread that makes the loop to the loop's own, once.
        let turn: LoopTurn
    }

    init(_ ingest: consuming IngestSockets, _ results: ResultsPublisher, limits: StreamLimits, keeping: StateKeeping?, cluster: ClusterPart? = nil) throws(DaemonError) {
        mailbox = try LoopMailbox()
        ingestEndpoints = ingest.endpoints
        resultsEndpoints = results.endpoints
        counters = ingest.counters.map { ("ingest", $0) } + results.counters.map { ("results", $0) }
        content = Mutex(Content(turn: try LoopTurn(ingest, results, mailbox, limits: limits, keeping: keeping, cluster: cluster)))
    }

    /// Runs until it is asked to stop. Its sockets are closed then, and what they still had to send has left or had its time.
    /// - Throws: where a socket fails, which none does in a healthy process.
    func run() async throws(DaemonError) {
        let outcome = LoopOutcome()
        try await DedicatedThread.run("samples") {
            self.turn(outcome)
            self.mailbox.close()
            // They keep the context, which waits for what is still to be sent; they end with their sockets.
            for (_, counter) in self.counters { counter.join() }
        }
        if let error = outcome.error { throw DaemonError("the sample loop failed: \(error)") }
    }

    private func turn(_ outcome: LoopOutcome) {
        let content = content.withLock { content in
            defer { content = nil }
            return content
        }
        guard let content else { preconditionFailure("a loop runs once") }
        do throws(DaemonError) { try content.turn.run() } catch { outcome.fail(error) }
    }
}

/// How a loop ended.
private final class LoopOutcome: Sendable {
    private let failure = Mutex<DaemonError?>(nil)
    var error: DaemonError? { failure.withLock { $0 } }
    func fail(_ error: DaemonError) { failure.withLock { $0 = error } }
}
