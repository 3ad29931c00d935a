import Foundation
import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Budgets in simulated time: a second of a thousand streams takes milliseconds.
@Suite("Budgets")
struct BudgetTests {
    @Test("hold within ten seconds of a step in load, stay within five percent, and return when the load falls", arguments: [1, 2, 4] as [UInt64])
    func step(seed: UInt64) {
        let model = TestModels.gated(seed)
        // What 500 streams cost without a budget, at 50 Hz: so many that a second of them varies little by chance.
        var free = BudgetField(model) { _ in }
        free.add(500, period: 2, batch: 5)
        for _ in 0..<5 { _ = free.pass() }
        let demand = free.pass()

        var field = BudgetField(model) { $0.budget = .updatesPerSecond(1.5 * demand) }
        field.add(500, period: 2, batch: 5)
        // That all begin at once is a load of its own.
        for _ in 0..<5 { _ = field.pass() }
        _ = field.sink.take()
        for _ in 0..<8 { _ = field.pass() }
        #expect(field.status.stretch == 1 && field.sink.take().isEmpty, "within its budget a route is left alone")

        field.add(2000, period: 2, batch: 5)
        for _ in 0..<10 { _ = field.pass() }
        for _ in 0..<15 {
            let rate = field.pass()
            #expect(abs(rate / (1.5 * demand) - 1) < 0.05, "second \(field.second): \(rate) of \(1.5 * demand), seed \(seed)")
        }
        #expect(field.status.stretch > 2)
        #expect(field.status.budget.map { abs($0.load / (1.5 * demand) - 1) < 0.05 } == true)
        #expect(field.sink.take().map { Published($0).event } == ["stretched"])

        field.remove(2000)
        for _ in 0..<10 { _ = field.pass() }
        #expect(field.status.stretch == 1)
        #expect(field.sink.take().map { Published($0).event } == ["unstretched"])
        let rate = field.pass()
        #expect(abs(rate / demand - 1) < 0.1)
    }

    @Test("hold with slow streams, whose skips last seconds, without swinging")
    func slow() {
        var field = BudgetField(TestModels.gated(3, bias: -2.5)) { $0.budget = .updatesPerSecond(100) }
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
        var field = BudgetField(TestModels.gated()) { ($0.budget, $0.sequence) = (.updatesPerSecond(10), 25) }
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
        var field = BudgetField(TestModels.gated()) { $0.budget = .cpu(0.008) }
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
        let model = TestModels.gated()
        var field = BudgetField(model) { $0.budget = .updatesPerSecond(100) }
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
