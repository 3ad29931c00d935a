import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Budgets where sequences end: their first skips are unlike their last ones, and a sequence's first timestep is read whatever the stretch.
@Suite("Budgets where sequences end")
struct BudgetSequenceTests {
    /// Updates a second of so many streams at 50 Hz that nothing bounds, once all have begun.
    private func demand(_ model: Model, sequence: UInt64, endsOnce: Int = 0, streams: Double) -> Double {
        var field = BudgetField(model) { $0.sequence = sequence }
        field.add(100, period: 2, batch: 5, within: 4, endsOnce: endsOnce)
        field.pass(seconds: 8)
        return (0..<4).reduce(0) { sum, _ in sum + field.pass() } / 4 / 100 * streams
    }

    @Test("hold within ten seconds of a step in load, and stay within five percent each second, where sequences end at any time", arguments: SplitMix.seeds(6))
    func anyTime(seed: UInt64) {
        var generator = SplitMix(seed: seed ^ 0xB0D6E7)
        let model = TestModels.gated(seed, bias: generator.float(-2.2 ... -1.2))
        // Every other field's devices end their sequences themselves, after 200 timesteps on average: no skip is known to be cut off before it is.
        let (sequence, endsOnce) = seed % 2 == 0 ? (generator.pick([50, 200, 300] as [UInt64]), 0) : (0 as UInt64, 40)
        let share = Double(generator.float(0.35...0.65))
        // Per stream: what there is, and a sequence's first timestep, which is always read.
        let demand = demand(model, sequence: sequence, endsOnce: endsOnce, streams: 1)
        let unshed = 50 / Double(seed % 2 == 0 ? sequence : 200)
        let each = unshed + (demand - unshed) * share
        // So many that five percent of a second's updates are more than four times what they vary by if each comes by chance.
        let count = Int(8000 / each)
        let budget = each * Double(count)
        var field = BudgetField(model, seed: seed) { ($0.sequence, $0.budget) = (sequence, .updatesPerSecond(budget)) }
        // Begun at any time within a sequence's length, they end at any time from then on.
        field.add(count, period: 2, batch: 5, within: endsOnce > 0 ? 4 : Int(sequence) / 50, endsOnce: endsOnce)
        field.pass(seconds: 7)
        field.setPeriod(8)
        field.pass(seconds: 8)
        field.setPeriod(2)
        field.pass(seconds: 10)
        let rates = (0..<15).map { _ in field.pass() / budget }
        #expect(rates.allSatisfy { abs($0 - 1) < 0.05 }, "SKIPD_TEST_SEED=\(seed): \(rates) of \(budget)")
        #expect(field.status.stretch > 1)
    }

    @Test("hold over each sequence's length where streams begin all at once, as after a power cut", arguments: SplitMix.seeds(8))
    func powerCut(seed: UInt64) {
        var generator = SplitMix(seed: seed ^ 0xC07)
        let model = TestModels.gated(seed, bias: generator.float(-2.2 ... -1.2))
        let demand = demand(model, sequence: 200, streams: 240)
        let budget = 60 + (demand - 60) * Double(generator.float(0.35...0.65))
        var field = BudgetField(model, seed: seed) { ($0.sequence, $0.budget) = (200, .updatesPerSecond(budget)) }
        field.add(60, period: 2, batch: 5, within: 4)
        field.pass(seconds: 10)
        // Their sequences begin and end together every four seconds: what is asked for swings by itself.
        field.add(180, period: 2, batch: 5)
        field.pass(seconds: 12)
        let rates = (0..<24).map { _ in field.pass() / budget }
        for start in 0...20 {
            let mean = rates[start..<start + 4].reduce(0, +) / 4
            #expect(abs(mean - 1) < 0.05, "SKIPD_TEST_SEED=\(seed): \(rates) of \(budget)")
        }
    }

    @Test("hold on average where all sequences begin together and last a second", arguments: SplitMix.seeds(8))
    func together(seed: UInt64) {
        let model = TestModels.gated(seed)
        let demand = demand(model, sequence: 50, streams: 200)
        // Half of what there is to shed, since a sequence's first timestep is always read.
        let budget = 200 + (demand - 200) / 2
        var field = BudgetField(model) { ($0.sequence, $0.budget) = (50, .updatesPerSecond(budget)) }
        field.add(200, period: 2)
        field.pass(seconds: 12)
        let rates = (0..<15).map { _ in field.pass() / budget }
        #expect(abs(rates.reduce(0, +) / 15 - 1) < 0.05, "SKIPD_TEST_SEED=\(seed): \(rates) of \(budget)")
    }
}
