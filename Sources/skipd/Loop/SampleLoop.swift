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
    let monitors: [(socket: String, monitor: SocketMonitor)]
    /// What the thread owns, until it starts.
    private let content: Mutex<Content?>

    private struct Content: @unchecked Sendable { // Handed from the thread that makes the loop to the loop's own, once.
        let turn: LoopTurn
    }

    init(_ ingest: consuming IngestSockets, _ results: ResultsPublisher, limits: StreamLimits, keeping: StateKeeping?) throws(DaemonError) {
        mailbox = try LoopMailbox()
        ingestEndpoints = ingest.endpoints
        resultsEndpoints = results.endpoints
        monitors = ingest.monitors.map { ("ingest", $0) } + [("results", results.monitor)]
        do throws(ZeroMQError) {
            content = Mutex(Content(turn: try LoopTurn(ingest, results, mailbox, limits: limits, keeping: keeping)))
        } catch {
            throw DaemonError("the sample loop can't wait for its sockets: \(error)")
        }
    }

    /// Runs until it is asked to stop. Its sockets are closed then, and what they still had to send has left or had its time.
    /// - Throws: where a socket fails, which none does in a healthy process.
    func run() async throws(DaemonError) {
        let outcome = LoopOutcome()
        try await DedicatedThread.run("samples") {
            self.turn(outcome)
            self.mailbox.close()
            // They keep the context, which waits for what is still to be sent; they end with their sockets.
            for (_, monitor) in self.monitors { monitor.join() }
        }
        if let error = outcome.error { throw DaemonError("the sample loop failed: \(error)") }
    }

    private func turn(_ outcome: LoopOutcome) {
        let content = content.withLock { content in
            defer { content = nil }
            return content
        }
        guard let content else { preconditionFailure("a loop runs once") }
        do throws(ZeroMQError) { try content.turn.run() } catch { outcome.fail(error) }
    }
}

/// How a loop ended.
private final class LoopOutcome: Sendable {
    private let failure = Mutex<ZeroMQError?>(nil)
    var error: ZeroMQError? { failure.withLock { $0 } }
    func fail(_ error: ZeroMQError) { failure.withLock { $0 = error } }
}
