import SkipConfiguration
import SkipRNN
import SkipStream
import Synchronization
import ZeroMQ

/// Where the HTTP server gets what it shows: it asks the sample loop, between two blocks of samples.
///
/// Every answer is nil where the loop gives none in time: it hangs, or has ended.
struct DaemonInspector: Sendable {
    let loop: LoopMailbox
    let about: StatusSource
    /// The sockets' connections, with the names that the sockets have in metrics.
    var counters: [(socket: String, counter: ConnectionCounter)] = []
    /// The last checkpoint; nil where none is kept.
    var checkpoint: @Sendable () -> CheckpointStatus? = { nil }

    /// How long the loop may take to answer: some blocks take milliseconds.
    private static let patience = Duration.seconds(2)

    /// What is counted at this moment.
    func status() async -> DaemonStatus? {
        guard let loop = await ask(LoopRequest.status) else { return nil }
        return DaemonStatus(
            loop: loop, connections: connections, checkpoint: checkpoint(), reloads: about.reloads.withLock { $0 }, version: version,
            kernels: Kernels.best.name)
    }

    /// A Boolean value indicating whether samples are taken no more, because somebody has asked for it.
    var isDrained: Bool? {
        get async { await ask(LoopRequest.status)?.isDrained }
    }

    /// Watches exactly these streams from now on, and reports them; nil in a place for a stream that is not there.
    func observe(_ names: [[UInt8]]) async -> [StreamObservation?]? { await ask { .observe(names, $0) } }

    /// The first stream names, in byte order, that contain a text.
    func search(_ text: String, limit: Int) async -> StreamSearch? { await ask { .search(Array(text.utf8), limit: limit, $0) } }

    /// Each kind of socket's connections, of all its sockets together.
    private var connections: [SocketStatus] {
        var sockets: [SocketStatus] = []
        for (name, counter) in counters {
            let counts = counter.counts
            let index = sockets.firstIndex { $0.name == name } ?? sockets.endIndex
            if index == sockets.endIndex { sockets.append(SocketStatus(name: name)) }
            sockets[index].current += counts.current
            sockets[index].opened += counts.opened
            sockets[index].failed += counts.failed + counts.refused
        }
        return sockets
    }

    private func ask<Value: Sendable>(_ request: (@escaping LoopReply<Value>) -> LoopRequest) async -> Value? {
        let (answers, answer) = AsyncStream.makeStream(of: Value?.self, bufferingPolicy: .bufferingOldest(1))
        loop.post(request { answer.yield(try? $0.get()) })
        let timeout = Task {
            try await Task.sleep(for: Self.patience)
            answer.yield(nil)
        }
        defer { timeout.cancel() }
        for await value in answers { return value }
        return nil
    }
}
