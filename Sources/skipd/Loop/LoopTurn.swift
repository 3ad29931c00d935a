import SkipStore
import SkipStream
import ZeroMQ

/// What the sample loop's thread owns, and what it does turn by turn.
final class LoopTurn {
    private var processor: StreamProcessor
    private var ingest: IngestSockets
    private let results: ResultsPublisher
    private let mailbox: LoopMailbox
    private var block = MessageBlock()
    private var idleness = LoopWait()
    /// Where in the wait the results' sockets stand.
    private var resultsPlaces: [Int] = []
    /// Work over many streams, the first one in hand.
    private var jobs: [LoopJob] = []
    /// When all sockets were last seen empty: no sample that waits has arrived before.
    private var lastEmpty = Time.monotonic
    /// A Boolean value indicating whether samples may be waiting.
    private var isBehind = false
    private var blockTimes = BlockTimes()
    /// Where states are kept, until the routes are there under which they are taken back.
    private var keeping: StateKeeping?
    private var checkpoints: LoopCheckpoints?
    private let checkpointLog: CheckpointLog?
    /// What this process does in a cluster; nil where it is by itself.
    private let cluster: ClusterPart?
    /// Set once no more samples are taken.
    private var drain: Drain?
    private var isDone = false

    /// The end of taking samples: what is on its way into the process is let in, the endpoints are closed, what has arrived is worked off,
    /// and whoever asked is told.
    private struct Drain {
        /// Monotonic times at which the endpoints are closed, and all is over, in any case.
        let closing: Int64
        let deadline: Int64
        /// Messages worked off before it began.
        let messagesBefore: UInt64
        /// A Boolean value indicating whether the endpoints are closed.
        var isClosed = false
        var replies: [LoopReply<DrainReply>] = []
        /// A Boolean value indicating whether the loop ends when it is over.
        var endsLoop = false
        /// Set when it is over.
        var outcome: DrainReply?
    }

    /// What has arrived is given so long, in nanoseconds.
    private static let longestDrain: Int64 = 1_000_000_000
    /// Sockets that stay silent so long have nothing more.
    private static let silence = Duration.milliseconds(100)

    init(_ ingest: consuming IngestSockets, _ results: ResultsPublisher, _ mailbox: LoopMailbox, limits: StreamLimits, keeping: StateKeeping?, cluster: ClusterPart? = nil) throws(DaemonError) {
        self.keeping = keeping
        self.cluster = cluster
        checkpointLog = keeping?.log
        processor = StreamProcessor(sink: results, limits: limits)
        if case .worker(let worker) = cluster {
            processor.noteChanges()
            results.worker = worker
        }
        let origins = MessageOrigins()
        processor.originHash = { origins.hash($0, $1) }
        self.ingest = ingest
        self.results = results
        self.mailbox = mailbox
        try joinWait()
    }

    /// Has the wait begin anew with the sockets there are.
    private func joinWait() throws(DaemonError) {
        idleness.removeAll()
        _ = idleness.add(mailbox.wakeUp.descriptor)
        if let cluster { _ = idleness.add(cluster.descriptor) }
        do throws(ZeroMQError) {
            try ingest.join(&idleness)
            resultsPlaces = try results.join(&idleness)
        } catch {
            throw DaemonError("the sample loop can't wait for its sockets: \(error)")
        }
    }

    private func readSubscriptions() throws(DaemonError) {
        if try results.readSubscriptions() { try joinWait() }
    }

    /// Turns until it is asked to stop.
    func run() throws(DaemonError) {
        defer {
            for job in jobs { job.refuse() }
            checkpoints?.finish(&processor)
            cluster?.finish(&processor)
        }
        while !isDone {
            if mailbox.hasMail { for request in mailbox.take() { try handle(request) } }
            // Before the block: closing endpoints may take in libzmq's sign that messages are there.
            if drain != nil { advanceDrain(isSilent: false) }
            if let cluster { try work(cluster) } else { try workOffBlock() }
            let isBusy = workOffSlice()
            let isSaving = checkpoints?.advance(&processor) ?? false
            let isIdle = !isBehind && !isBusy && !isSaving
            // Looking into an empty socket is a system call: only where there may be something.
            if !isIdle || results.hasSent { try readSubscriptions() }
            // A block that was not full has emptied the sockets; where more has come since, the wait is over at once.
            if isIdle, !isDone { try wait() }
        }
    }

    /// Receives a block and works it off.
    private func workOffBlock() throws(DaemonError) {
        let start = Time.monotonic
        do throws(ZeroMQError) { try ingest.receive(into: &block) } catch { throw DaemonError("\(error)") }
        let count = block.count
        isBehind = block.isFull
        if !isBehind { lastEmpty = start }
        guard count > 0 else { return }
        if results.wantsSamples { for message in block.incoming { results.pass(message) } }
        processor.process(block.incoming, arrival: Time.sinceEpoch, clock: start)
        block.clear()
        blockTimes.record(nanoseconds: UInt64(Time.monotonic - start))
    }

    /// The same in a cluster: a gateway passes the block on, a worker's comes from NATS.
    private func work(_ cluster: ClusterPart) throws(DaemonError) {
        let start = Time.monotonic
        isBehind = cluster.advance(&processor)
        if !isBehind { lastEmpty = start }
        guard case .gateway(let gateway) = cluster, gateway.hasRoom else { return }
        do throws(ZeroMQError) { try ingest.receive(into: &block) } catch { throw DaemonError("\(error)") }
        if block.isFull { isBehind = true }
        if results.wantsSamples { for message in block.incoming { results.pass(message) } }
        gateway.passOn(block.incoming, &processor)
        block.clear()
    }

    /// Does a slice of the first job.
    private func workOffSlice() -> Bool {
        guard !jobs.isEmpty else { return false }
        if jobs[0].advance(&processor) { jobs.removeFirst() }
        return true
    }

    /// Waits for a message, a subscription or a request.
    private func wait() throws(DaemonError) {
        let isDraining = drain.map { $0.outcome == nil } ?? false
        let hasCome = idleness.wait(timeout: isDraining ? Self.silence : cluster == nil ? checkpoints?.timeout(processor) : ClusterPart.glance)
        if resultsPlaces.contains(where: { idleness.hasCome(at: $0) }) { try readSubscriptions() }
        if isDraining, !hasCome { advanceDrain(isSilent: true) }
    }

    private func handle(_ request: LoopRequest) throws(DaemonError) {
        switch request {
        case .ping(let reply): reply(.success(()))
        case .status(let reply):
            // Where nothing arrives no block does it.
            processor.controlBudgets(at: Time.monotonic)
            reply(.success(status))
        case .stream(let name, let reply): reply(.success(processor.stream(named: name)))
        case .streams(let query, let reply): jobs.append(LoopJob(query, reply))
        case .observe(let names, let reply): reply(.success(processor.observe(names)))
        case .search(let text, let limit, let reply): jobs.append(LoopJob(searching: text, limit: limit, reply))
        case .reset(let name, let reply): reply(.success(processor.reset(stream: name)))
        case .resetAll(let prefix, let reply): jobs.append(LoopJob(resetting: prefix, reply))
        case .install(let routes, let limits, let rights, let reply):
            if let rights {
                processor.install(rights.publish)
                try results.install(rights)
            }
            if let rights, case .gateway(let gateway) = cluster { gateway.grants = rights.publish }
            processor.install(routes)
            processor.limits = limits
            if let keeping {
                self.keeping = nil
                do throws(StoreError) {
                    checkpoints = try LoopCheckpoints(keeping, into: &processor)
                } catch {
                    keeping.log.failed("\(error)")
                }
            }
            reply(.success(()))
        case .work(let body, _): body(&processor)
        case .checkpoint(let reply):
            if let checkpoints { checkpoints.request { reply($0.map { $0 }) } } else { reply(.success(nil)) }
        case .drain(let reply):
            beginDrain()
            if let outcome = drain?.outcome { reply(.success(outcome)) } else { drain?.replies.append(reply) }
        case .stop:
            beginDrain()
            drain?.endsLoop = true
            if drain?.outcome != nil { isDone = true }
        }
    }

    private var status: LoopStatus {
        LoopStatus(
            counters: processor.counters, streams: processor.streamCount, maximumStreams: processor.limits.maximumStreams, models: processor.models,
            routes: processor.routeStatuses, streamsBehind: processor.streamsBehind, subscriptions: results.subscriptionCount,
            lag: isBehind ? .nanoseconds(Time.monotonic - lastEmpty) : .zero, isDrained: drain != nil,
            checkpoint: checkpointLog?.reply, cluster: cluster?.status, batchSizes: processor.batchSizes, blockTimes: blockTimes)
    }

    private func beginDrain() {
        guard drain == nil else { return }
        let now = Time.monotonic
        drain = Drain(closing: now + Self.longestDrain / 4, deadline: now + Self.longestDrain, messagesBefore: processor.counters.messages)
    }

    /// Takes the next step of a drain when the sockets are silent, or its time has come.
    private func advanceDrain(isSilent: Bool) {
        guard let drain, drain.outcome == nil, isSilent || Time.monotonic >= (drain.isClosed ? drain.deadline : drain.closing) else { return }
        guard drain.isClosed else {
            self.drain?.isClosed = true
            // What still lies in the kernel's buffers is lost with its connection.
            return ingest.close()
        }
        let outcome = DrainReply(messages: processor.counters.messages - drain.messagesBefore, isEmpty: isSilent)
        self.drain?.outcome = outcome
        self.drain?.replies = []
        for reply in drain.replies { reply(.success(outcome)) }
        isDone = drain.endsLoop
    }
}
