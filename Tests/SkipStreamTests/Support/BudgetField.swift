import SkipRNN
import SkipStream
import TestSupport

/// Many streams under one route, in simulated time: it goes on by a hundredth of a second.
struct BudgetField: ~Copyable {
    let sink = RecordingSink()
    var processor: StreamProcessor
    private(set) var second = 0
    private var tick = 0
    private var updatesBefore: UInt64 = 0
    private var streams: [Stream] = []
    private var chance: SplitMix

    private struct Stream {
        let name: String
        /// Ticks a timestep.
        var period: Int
        /// Timesteps a message.
        let batch: Int
        /// The tick at which it is first heard of.
        let begins: Int
        /// It ends its sequence with one in so many messages; never where 0.
        let endsOnce: Int
        var next: UInt64 = 0
    }

    init(_ model: Model, seed: UInt64 = 0, _ change: (inout Route) -> Void) {
        processor = StreamProcessor(sink: sink)
        chance = SplitMix(seed: seed)
        sink.prefixes = ["event/"]
        var route = Route(match: StreamPattern("**"), model: "m", emit: .end)
        change(&route)
        processor.install([BoundRoute(route, model)])
    }

    /// Adds streams.
    /// - Parameters:
    ///   - period: hundredths of a second a timestep.
    ///   - batch: timesteps a message.
    ///   - seconds: the time within which they begin, each when it likes; all at once where 0.
    ///   - endsOnce: each ends its sequence with one in so many messages.
    mutating func add(_ count: Int, period: Int, batch: Int = 1, within seconds: Int = 0, endsOnce: Int = 0) {
        for _ in 0..<count {
            let begins = tick + chance.number(0...(seconds * 100))
            streams.append(Stream(name: "s\(streams.count)", period: period, batch: batch, begins: begins, endsOnce: endsOnce))
        }
    }

    mutating func remove(_ count: Int) { streams.removeLast(count) }

    /// From now on each stream has a timestep every `period` hundredths of a second.
    mutating func setPeriod(_ period: Int) { for index in streams.indices { streams[index].period = period } }

    /// Lets a second pass.
    /// - Returns: updates within it.
    @discardableResult
    mutating func pass() -> Double {
        for _ in 0..<100 {
            tick += 1
            var block: [[[UInt8]]] = []
            for index in streams.indices where streams[index].begins <= tick && (tick + index) % (streams[index].period * streams[index].batch) == 0 {
                let (stream, next) = (streams[index], streams[index].next)
                let timesteps = (next..<next + UInt64(stream.batch)).map { timestep in
                    (0..<2).map { Double(Float.random(in: -2...2, seed: UInt64(index) << 32 | timestep, $0)) }
                }
                let ends = stream.endsOnce > 0 && chance.once(in: stream.endsOnce)
                block.append(TestMessage(stream: stream.name, form: .oneFrame, timesteps: timesteps, seq: next, boot: 1, end: ends).frames)
                streams[index].next += UInt64(stream.batch)
                if block.count == StreamProcessor.blockSize { flush(&block) }
            }
            flush(&block)
        }
        second += 1
        let updates = processor.counters.updated
        defer { updatesBefore = updates }
        return Double(updates - updatesBefore)
    }

    /// Lets so many seconds pass.
    mutating func pass(seconds: Int) { for _ in 0..<seconds { pass() } }

    private mutating func flush(_ block: inout [[[UInt8]]]) {
        processor.process(block: block, arrival: 1_790_000_000_000_000_000 + Int64(tick) * 10_000_000)
        block.removeAll()
    }

    var status: RouteStatus { processor.routeStatuses[0] }
}

extension TestModels {
    /// Increments about σ(`bias`), some 0.05 to 0.4, that depend on the state: like a trained model's.
    static func gated(_ seed: UInt64 = 1, bias: Float = -1.8) -> Model {
        var generator = SplitMix(seed: seed)
        return make(&generator, layers: [8], features: 2, gateBias: bias, gateWeight: -1.5...1.5)
    }
}
