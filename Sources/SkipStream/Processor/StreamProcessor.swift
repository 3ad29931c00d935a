import CSkipKernels
import SkipRNN

/// Samples in, results out: every stream's way through its model.
///
/// One thread owns a processor. It is handed blocks of up to 64 messages and works each block off before it returns:
///
/// 1. every message is taken apart, its name hashed, its index entry asked for from memory;
/// 2. every name's slot is looked up and asked for;
/// 3. message by message, in order: what is skipped is counted; where an update is due the stream waits;
/// 4. waiting streams of one model are updated together, then go on in their messages.
///
/// Nothing on the way of a skipped or updated timestep allocates, locks or logs.
///
/// Invariants: a stream's results are those of feeding its timesteps one by one to the cell; what else is in a block changes no bit of them.
public struct StreamProcessor: ~Copyable {
    /// Messages of a block at most.
    public static let blockSize = 64

    var table: StreamTable
    var routes = RouteTable()
    public internal(set) var counters = Counters()
    public var limits: StreamLimits
    /// A seeded hash of the identity of the device that sent a message, from the message's origin or envelope: for shares of the table. It is
    /// asked for new streams only, and once for each that was taken back from the store. By default all messages are one device's.
    public var originHash: (_ origin: UInt32, _ envelope: UnsafeRawPointer?) -> UInt64 = { _, _ in 0 }
    let sink: any ResultSink
    var outgoing = Outgoing()

    /// The block in work.
    let parts: UnsafeMutablePointer<MessageParts>
    /// Messages whose stream waits for an update, in order.
    let pending: UnsafeMutablePointer<Int>
    var pendingCount = 0
    /// Timesteps of JSON payloads in the block.
    var numbers: [Float] = []
    /// When the block arrived, in nanoseconds since the Unix epoch.
    var arrival: Int64 = 0
    /// When each of its messages did; nil where they came together.
    var arrivals: UnsafeBufferPointer<Int64>?
    /// Seconds since the first block, counted on from `start`.
    var now: UInt32 = Self.start
    private var firstClock: Int64?
    /// The first block's second: so late that streams taken back from a checkpoint may have been heard of long before.
    private static let start: UInt32 = 1 << 31
    /// What happened to each watched stream, by slot.
    var timelines: [UInt32: Timeline] = [:]
    /// How many calls updated 1, 2, … streams together; the first entry is not used.
    public internal(set) var batchSizes = [UInt64](repeating: 0, count: ModelGroup.batch + 1)
    /// Stretches that an operator has set for single streams, by slot.
    var stretches: [UInt32: Float] = [:]
    /// Nanoseconds of a clock by which the time of updates and of candidates is told.
    package var workClock: @Sendable () -> Int64 = threadNanoseconds
    /// The routes in force, and the candidates beside their models.
    var installed: [BoundRoute] = []
    var shadows: [ShadowRun] = []
    /// What the sequences that end in a block end with; nil where nobody compares them.
    var finals: [FinalLabel]?
    /// Where the search for idle streams goes on.
    var idleHand: UInt32 = 0

    /// Who may publish what.
    var grants = PublishGrants()
    /// Counted up with each change of the grants.
    var grantsVersion: UInt32 = 0
    /// By slot: the origin last allowed to publish the stream, and under which version of the grants; empty as long as nobody was asked.
    var verdicts: [UInt64] = []

    /// Whether there are checkpoints.
    var notesChanges = false
    /// What the next checkpoint takes.
    var changed = ChangedSlots()
    /// What the present one takes, and where it goes on; nil between checkpoints.
    var taken: ChangedSlots?
    var checkpointCursor: UInt32 = 0

    /// A processor without routes or streams.
    public init(sink: any ResultSink, limits: StreamLimits = .init()) {
        self.sink = sink
        self.limits = limits
        table = StreamTable()
        parts = .allocate(capacity: Self.blockSize)
        pending = .allocate(capacity: Self.blockSize)
    }

    deinit {
        parts.deallocate()
        pending.deallocate()
    }

    /// Puts routes in force, with the models they name, in the configuration's order: the first whose pattern matches wins.
    ///
    /// A stream whose route changes in anything but the model takes the change at its next update; when one takes another model, its route's
    /// `switching` says.
    /// - Parameter keepsStretches: whether what an operator has set routes' stretches to goes on to hold.
    public mutating func install(_ bound: [BoundRoute], keepsStretches: Bool = false) {
        routes.install(bound, keepsStretches: keepsStretches)
        // A candidate goes on as long as nothing about it changes.
        let before = shadows
        shadows = []
        // Of several routes with one pattern the first counts.
        for route in bound where !shadows.contains(where: { $0.match == route.route.match.text }) {
            if let candidate = before.first(where: { $0.isCandidate(of: route) }) ?? ShadowRun(route, limits: limits) { shadows.append(candidate) }
        }
        finals = shadows.isEmpty ? nil : []
        installed = bound
    }

    /// Works off a block of messages.
    /// - Parameters:
    ///   - block: at most `blockSize` messages.
    ///   - arrival: when they came, in nanoseconds since the Unix epoch: the time of timesteps that have none of their own.
    ///   - clock: the same in nanoseconds of a clock that is never set, from which streams' idle times are counted; `arrival` where it is nil.
    public mutating func process(_ block: UnsafeBufferPointer<IncomingMessage>, arrival: Int64, clock: Int64? = nil) {
        precondition(block.count <= Self.blockSize, "a block has at most 64 messages")
        begin(arrival, clock ?? arrival)
        for index in block.indices {
            guard let frames = SampleFrames(block[index]) else {
                parts[index].isUsable = false
                continue
            }
            parts[index].take(frames)
            parts[index].origin = block[index].origin
            parts[index].envelope = block[index].envelope
            parts[index].hash = table.prefetchIndex(frames.name)
        }
        for index in block.indices where parts[index].isUsable { parts[index].guess = table.prefetchSlot(parts[index].hash) }
        for index in block.indices {
            if parts[index].isUsable { accept(index) } else { drop(.malformed, UnsafeRawBufferPointer(rebasing: block[index].first.prefix(SampleFrames.maximumName)), "its frames are not of the wire protocol") }
        }
        updatePending()
        if !shadows.isEmpty {
            for shadow in shadows { shadow.process(block, arrival: arrival, clock: clock ?? arrival, after: self) }
            finals?.removeAll(keepingCapacity: true)
        }
        if routes.hasBudget { controlBudgets(at: clock ?? arrival) }
        dropSomeIdle()
        if !numbers.isEmpty { numbers.removeAll(keepingCapacity: true) }
    }

    private mutating func begin(_ arrival: Int64, _ clock: Int64) {
        self.arrival = arrival
        let first = firstClock ?? clock
        firstClock = first
        // A clock that is set back stands still.
        now = max(now, UInt32(clamping: Int64(Self.start) + clock.subtractingReportingOverflow(first).partialValue / 1_000_000_000))
    }

    /// Counts a message that is worked off elsewhere.
    package mutating func countPassedOn() { counters.messages += 1 }

    /// Counts a message that can't be used.
    package mutating func drop(_ cause: DropCause, _ name: UnsafeRawBufferPointer, _ reason: StaticString) {
        counters.messages += 1
        counters[cause] += 1
        sink.dropped(cause, stream: name, reason: reason)
    }
}

/// A message of the block in work.
struct MessageParts {
    var isUsable = false
    var name: UnsafeRawBufferPointer
    /// What the binary or JSON header says; that of a headerless message is made up from its payload.
    var header: SampleHeader
    var headerBytes: UnsafeRawBufferPointer?
    var payload: UnsafeRawBufferPointer
    var hash: UInt64 = 0
    var guess: UInt32?
    var slot: UInt32 = 0
    /// The first timestep, and the one behind the last.
    var first: UInt64 = 0
    var end: UInt64 = 0
    /// Who sent it.
    var origin: UInt32 = IncomingMessage.anyone
    /// Where in `numbers` a JSON payload's timesteps begin; nil for a binary one.
    var numbersStart: Int?
    var envelope: UnsafeRawPointer?

    /// Takes a message's parts over; the header is read later, under the stream's route.
    @inline(__always)
    mutating func take(_ frames: SampleFrames) {
        isUsable = true
        name = frames.name
        headerBytes = frames.header
        payload = frames.payload
        numbersStart = nil
    }
}
