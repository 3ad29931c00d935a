import SkipStore
import SkipStream

/// The loop has ended, or is about to, and takes no more requests.
struct LoopStopped: Error, CustomStringConvertible {
    var description: String { "skipd is stopping" }
}

/// Takes the answer to a request, on the loop's thread: it hands it on and returns at once.
typealias LoopReply<Value> = @Sendable (Result<Value, LoopStopped>) -> Void

/// What other threads ask of the sample loop. It answers between blocks of samples; long work is done in slices.
enum LoopRequest: Sendable {
    /// That it still turns: for the watchdog.
    case ping(LoopReply<Void>)
    case status(LoopReply<LoopStatus>)
    case stream([UInt8], LoopReply<StreamStatus?>)
    case streams(StreamQuery, LoopReply<StreamPage>)
    /// To watch exactly these streams from now on, and report them.
    case observe([[UInt8]], LoopReply<[StreamObservation?]>)
    /// The streams whose names contain a text, so many at most.
    case search([UInt8], limit: Int, LoopReply<StreamSearch>)
    /// To return a stream to its model's initial state; false where there is none of that name.
    case reset([UInt8], LoopReply<Bool>)
    /// To reset all streams whose names begin with a prefix; answered with their count.
    case resetAll(prefix: [UInt8], LoopReply<Int>)
    /// To put other routes, models, limits and, unless nil, devices' rights in force, all at once.
    case install([BoundRoute], StreamLimits, AccessRegistry.Rights?, LoopReply<Void>)
    /// Whatever else is done at once with the streams; and what happens where it won't be.
    case work(@Sendable (inout StreamProcessor) -> Void, refused: @Sendable () -> Void)
    /// To write what has changed to the disk; nil where no states are kept.
    case checkpoint(LoopReply<CheckpointOutcome?>)
    /// To take no more samples, and work off those that have arrived.
    case drain(LoopReply<DrainReply>)
    /// The same, and then to end.
    case stop

    /// Answers that it won't be done.
    func refuse() {
        switch self {
        case .ping(let reply), .install(_, _, _, let reply): reply(.failure(LoopStopped()))
        case .status(let reply): reply(.failure(LoopStopped()))
        case .stream(_, let reply): reply(.failure(LoopStopped()))
        case .observe(_, let reply): reply(.failure(LoopStopped()))
        case .search(_, _, let reply): reply(.failure(LoopStopped()))
        case .streams(_, let reply): reply(.failure(LoopStopped()))
        case .reset(_, let reply): reply(.failure(LoopStopped()))
        case .resetAll(_, let reply): reply(.failure(LoopStopped()))
        case .checkpoint(let reply): reply(.failure(LoopStopped()))
        case .drain(let reply): reply(.failure(LoopStopped()))
        case .work(_, let refused): refused()
        case .stop: break
        }
    }

    /// To do something at once, and answer with what it returns. It has to be as quick as a block of samples.
    static func work<Value>(_ body: @escaping @Sendable (inout StreamProcessor) -> Value, _ reply: @escaping LoopReply<Value>) -> LoopRequest {
        .work({ reply(.success(body(&$0))) }, refused: { reply(.failure(LoopStopped())) })
    }
}

/// What the loop knows of itself.
struct LoopStatus: Sendable {
    var counters: Counters
    var streams: Int
    /// The most streams at a time.
    var maximumStreams: Int
    var models: [ModelStatus]
    var routes: [RouteStatus] = []
    /// Streams that still run as before a reload.
    var streamsBehind = 0
    /// Topics' prefixes that somebody has subscribed to.
    var subscriptions: Int
    /// The most that the oldest sample not yet worked off can have waited.
    var lag: Duration
    var isDrained: Bool
    /// What became of checkpoints; nil where none are kept.
    var checkpoint: CheckpointReply?
    /// Its part in a cluster; nil where it is by itself.
    var cluster: ClusterReply?
    /// How many calls updated 1, 2, … streams together; the first entry is not used.
    var batchSizes: [UInt64]
    var blockTimes: BlockTimes
}
