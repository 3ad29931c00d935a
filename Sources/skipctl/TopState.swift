import SkipStream

/// What `skipctl top` knows: the daemon's last two answers, and what follows from them.
struct TopState {
    let selection: StreamSelection
    private(set) var order: TopOrder
    private(set) var isReversed = false
    /// Why there is no newer answer; nil where there is one.
    var trouble: String?
    private(set) var status: StatusReply?
    private(set) var streams: [TopStream] = []
    /// Of the time between the last two answers; nil after only one, or after a restart of the daemon.
    private(set) var rates: TopRates?
    /// The update rates of the last pictures, the latest last.
    private(set) var history: [Double] = []
    private var answered: ContinuousClock.Instant?

    /// Streams that are asked for, from which the first ones are shown.
    private static let candidates = 1_000
    private static let longestHistory = 120

    init(selection: StreamSelection, order: TopOrder) {
        self.selection = selection
        self.order = order
    }

    /// Takes a key: another order, or the other end of the same.
    mutating func choose(_ key: Character) {
        guard let chosen = TopOrder.allCases.first(where: { $0.key == key }) else { return }
        isReversed = chosen == order ? !isReversed : false
        order = chosen
        arrange()
    }

    /// Asks the daemon.
    mutating func ask(_ client: borrowing ControlClient) throws {
        let status = try client.ask(ControlRequest(.status), for: StatusReply.self).reply
        let request = ControlRequest(.streams, prefix: selection.prefixes[0], limit: Self.candidates, sort: order.daemonOrder)
        let replies = try client.ask(request, for: StreamsReply.self).reply.streams.filter { selection.contains($0.stream) }
        let now = ContinuousClock.now
        let seconds = answered.map { $0.duration(to: now) / .seconds(1) }
        let before = Dictionary(streams.map { ($0.reply.stream, $0.reply) }) { first, _ in first }
        streams = replies.map { reply in
            let moved = before[reply.stream].flatMap { $0.boot == reply.boot && $0.nextTimestep <= reply.nextTimestep ? reply.nextTimestep - $0.nextTimestep : nil }
            return TopStream(reply: reply, rate: seconds.flatMap { seconds in moved.map { Double($0) / seconds } })
        }
        rates = self.status.flatMap { before in seconds.flatMap { TopRates(before, status, seconds: $0) } }
        if let share = rates?.updateRate { history = (history + [share]).suffix(Self.longestHistory) }
        (self.status, answered, trouble) = (status, now, nil)
        arrange()
    }

    private mutating func arrange() {
        streams.sort { isReversed ? order.precedes($1, $0) : order.precedes($0, $1) }
    }
}

/// What the daemon did between two answers, a second.
struct TopRates {
    let messages, timesteps, updates, results, lost, dropped: Double
    /// The share of timesteps that were read; nil where none passed.
    let updateRate: Double?

    /// nil where the second answer is that of another daemon, which counts anew.
    init?(_ before: StatusReply, _ now: StatusReply, seconds: Double) {
        func arrived(_ status: StatusReply) -> UInt64 { status.timesteps.updated + status.timesteps.skipped + status.timesteps.stale + status.timesteps.rejected }
        guard seconds > 0, now.uptimeSeconds >= before.uptimeSeconds, now.messages >= before.messages else { return nil }
        func rate(_ count: (StatusReply) -> UInt64) -> Double { Double(count(now) &- count(before)) / seconds }
        messages = rate(\.messages)
        timesteps = rate(arrived)
        updates = rate(\.timesteps.updated)
        results = rate(\.results)
        lost = rate(\.timesteps.lost)
        dropped = rate { $0.dropped.values.reduce(0, +) }
        let passed = rate { $0.timesteps.updated + $0.timesteps.skipped + $0.timesteps.omitted }
        updateRate = passed > 0 ? updates / passed : nil
    }
}
