import Foundation
import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Budgets in simulated time: a second of a thousand streams takes milliseconds.
@Suite("Budgets")
struct BudgetTests {
    /// Streams of one rate under one route; time goes on by a hundredth of a second.
    private struct Field: ~Copyable {
        let sink = RecordingSink()
        var processor: StreamProcessor
        var second = 0
        private var tick = 0
        private var updatesBefore: UInt64 = 0
        private var streams: [(name: String, period: Int, next: UInt64)] = []

        init(_ model: Model, _ change: (inout Route) -> Void) {
            processor = StreamProcessor(sink: sink)
            sink.prefixes = ["event/"]
            var route = Route(match: StreamPattern("**"), model: "m", emit: .end)
            change(&route)
            processor.install([BoundRoute(route, model)])
        }

        /// Adds streams of a timestep each `period` hundredths of a second.
        mutating func add(_ count: Int, period: Int) {
            for _ in 0..<count { streams.append(("s\(streams.count)", period, 0)) }
        }

        mutating func remove(_ count: Int) { streams.removeLast(count) }

        /// Lets a second pass.
        /// - Returns: updates within it.
        mutating func pass() -> Double {
            for _ in 0..<100 {
                tick += 1
                var block: [[[UInt8]]] = []
                for index in streams.indices where (tick + index) % streams[index].period == 0 {
                    let seed = UInt64(index) << 32 | streams[index].next
                    let timestep = (0..<2).map { Double(Float.random(in: -2...2, seed: seed, $0)) }
                    block.append(TestMessage(stream: streams[index].name, form: .oneFrame, timesteps: [timestep], seq: streams[index].next, boot: 1).frames)
                    streams[index].next += 1
                    if block.count == StreamProcessor.blockSize { flush(&block) }
                }
                flush(&block)
            }
            second += 1
            let updates = processor.counters.updated
            defer { updatesBefore = updates }
            return Double(updates - updatesBefore)
        }

        private mutating func flush(_ block: inout [[[UInt8]]]) {
            processor.process(block: block, arrival: 1_790_000_000_000_000_000 + Int64(tick) * 10_000_000)
            block.removeAll()
        }

        var status: RouteStatus { processor.routeStatuses[0] }
    }

    /// Increments between some 0.05 and 0.4, that depend on the state: like a trained model's.
    private func model(_ seed: UInt64 = 1, bias: Float = -1.8) -> Model {
        var generator = SplitMix(seed: seed)
        return TestModels.make(&generator, layers: [8], features: 2, gateBias: bias, gateWeight: -1.5...1.5)
    }

    @Test("hold within ten seconds of a step in load, stay within five percent, and return when the load falls", arguments: [1, 2, 4] as [UInt64])
    func step(seed: UInt64) {
        let model = model(seed)
        // What 100 streams cost without a budget, at 50 Hz.
        var free = Field(model) { _ in }
        free.add(100, period: 2)
        for _ in 0..<5 { _ = free.pass() }
        let demand = free.pass()

        var field = Field(model) { $0.budget = .updatesPerSecond(1.5 * demand) }
        field.add(100, period: 2)
        // That all begin at once is a load of its own.
        for _ in 0..<5 { _ = field.pass() }
        _ = field.sink.take()
        for _ in 0..<8 { _ = field.pass() }
        #expect(field.status.stretch == 1 && field.sink.take().isEmpty, "within its budget a route is left alone")

        field.add(400, period: 2)
        for _ in 0..<10 { _ = field.pass() }
        for _ in 0..<15 {
            let rate = field.pass()
            #expect(abs(rate / (1.5 * demand) - 1) < 0.05, "second \(field.second): \(rate) of \(1.5 * demand), seed \(seed)")
        }
        #expect(field.status.stretch > 2)
        #expect(field.status.budget.map { abs($0.load / (1.5 * demand) - 1) < 0.05 } == true)
        #expect(field.sink.take().map { Published($0).event } == ["stretched"])

        field.remove(400)
        for _ in 0..<10 { _ = field.pass() }
        #expect(field.status.stretch == 1)
        #expect(field.sink.take().map { Published($0).event } == ["unstretched"])
        let rate = field.pass()
        #expect(abs(rate / demand - 1) < 0.1)
    }

    @Test("hold with slow streams, whose skips last seconds, without swinging")
    func slow() {
        var field = Field(model(3, bias: -2.5)) { $0.budget = .updatesPerSecond(100) }
        // 10 Hz; a skip lasts about half a second at first, several seconds when stretched.
        field.add(500, period: 10)
        for _ in 0..<25 { _ = field.pass() }
        var rates: [Double] = []
        for _ in 0..<20 { rates.append(field.pass()) }
        let mean = rates.reduce(0, +) / 20
        #expect(abs(mean / 100 - 1) < 0.05, "\(rates)")
        // A hundred updates a second vary by ten by themselves.
        #expect(rates.allSatisfy { abs($0 / 100 - 1) < 0.35 }, "\(rates)")
    }

    @Test("shed accuracy and not data: every timestep arrives, and what is always read is read")
    func sheds() {
        var field = Field(model()) { ($0.budget, $0.sequence) = (.updatesPerSecond(10), 25) }
        field.add(100, period: 2)
        for _ in 0..<20 { _ = field.pass() }
        let counters = field.processor.counters
        #expect(counters.updated + counters.skipped == 100 * 50 * 20)
        // 100 streams begin two sequences a second each: more than the budget, which is said.
        #expect(field.status.budget?.isExceeded == true)
        let rate = field.pass()
        #expect(rate >= 200)
    }

    @Test("of time are held by the time that updates take")
    func time() {
        let clock = Clock()
        var field = Field(model()) { $0.budget = .cpu(0.008) }
        // Each look at the clock finds it 20 µs later: a call that updates streams takes so long.
        field.processor.workClock = { clock.next(20_000) }
        field.add(200, period: 1)
        for _ in 0..<20 { _ = field.pass() }
        #expect(field.status.budget.map { abs($0.load / 0.008 - 1) < 0.1 } == true, "\(field.status)")
        #expect(field.status.stretch > 1)
    }

    private final class Clock: @unchecked Sendable { // One thread asks it.
        private var now: Int64 = 0
        func next(_ step: Int64) -> Int64 {
            now += step
            return now
        }
    }

    @Test("live on over a reload that changes other options of the route")
    func reload() {
        let model = model()
        var field = Field(model) { $0.budget = .updatesPerSecond(100) }
        field.add(100, period: 2)
        for _ in 0..<10 { _ = field.pass() }
        let stretch = field.status.stretch
        #expect(stretch > 1)
        var route = Route(match: StreamPattern("**"), model: "m", emit: .update)
        route.budget = .updatesPerSecond(100)
        field.processor.install([BoundRoute(route, model)])
        #expect(field.status.stretch == stretch)
        route.budget = nil
        field.processor.install([BoundRoute(route, model)])
        #expect(field.status.stretch == 1)
    }
}
