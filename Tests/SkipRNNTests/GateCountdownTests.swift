import SkipRNN
import Testing
import TestSupport

@Suite("Countdown to the next update")
struct GateCountdownTests {
    /// Steps one by one, as the authors' code does; nil where the sum stops moving.
    private func stepping(_ start: GateState) -> UInt64? {
        var gate = start
        var count: UInt64 = 1
        while !gate.isUpdateDue {
            let before = gate.cumulativeUpdateProbability
            gate.skip()
            if gate.cumulativeUpdateProbability == before { return nil }
            count += 1
        }
        return count
    }

    private func after(_ increment: Float, sum: Float = 0) -> GateState {
        GateState(updateProbabilityIncrement: increment, cumulativeUpdateProbability: sum)
    }

    @Test("every increment from 2⁻⁸ to 1 counts as stepping does")
    func everyLargeIncrement() {
        var wrong: [Float] = []
        // From ½ up the first addition decides, so that one in a thousand is enough there.
        let fine = Float(0x1p-8).bitPattern..<Float(0.5).bitPattern
        for bits in fine {
            let increment = Float(bitPattern: bits)
            var (sum, count): (Float, UInt64) = (0, 0)
            repeat {
                sum += increment
                count += 1
            } while sum <= 0.5
            if after(increment).timestepsUntilUpdate != count { wrong.append(increment) }
        }
        for bits in Float(0.5).bitPattern...Float(1).bitPattern {
            let increment = Float(bitPattern: bits)
            if after(increment).timestepsUntilUpdate != (increment > 0.5 ? 1 : 2) { wrong.append(increment) }
        }
        #expect(wrong.isEmpty, "\(wrong.count) increments, the first \(wrong.first ?? 0)")
    }

    @Test("small increments count as stepping does, those that stall included")
    func smallIncrements() {
        var generator = SplitMix(seed: 7)
        for exponent in -30 ..< -8 {
            // Stepping a sum with increments of 2⁻³⁰ takes some 2²⁴ additions until it stalls.
            for _ in 0..<(exponent < -20 ? 2 : 40) {
                let increment = Float(sign: .plus, exponent: exponent, significand: 1 + Float(generator.next() >> 41) * 0x1p-23)
                #expect(after(increment).timestepsUntilUpdate == stepping(after(increment)), "\(increment), seed 7")
            }
            for significand: Float in [1, 1.5, Float(1).nextUp, Float(2).nextDown] {
                let increment = Float(sign: .plus, exponent: exponent, significand: significand)
                #expect(after(increment).timestepsUntilUpdate == stepping(after(increment)), "\(increment)")
            }
        }
    }

    @Test("a count begun at any sum is that of stepping, and passing timesteps in one go gives the same sum")
    func anyStart() {
        var generator = SplitMix(seed: 11)
        for _ in 0..<3000 {
            let increment = Float(generator.next() >> 40) * 0x1p-24 * (generator.next() & 1 == 0 ? 1 : 0x1p-9)
            let gate = after(increment, sum: Float(generator.next() >> 40) * 0x1p-24)
            guard increment > 0 else { continue }
            #expect(gate.timestepsUntilUpdate == stepping(gate), "\(gate), seed 11")
            var (jumped, stepped) = (gate, gate)
            let count = generator.next() % 300
            jumped.skip(count)
            for _ in 0..<count { stepped.skip() }
            #expect(jumped == stepped, "\(gate) after \(count), seed 11")
        }
    }

    @Test("an increment of zero, and one lost in rounding, never lead to an update")
    func never() {
        #expect(after(0).timestepsUntilUpdate == nil)
        #expect(after(1e-9).timestepsUntilUpdate == nil)
        #expect(after(.leastNonzeroMagnitude).timestepsUntilUpdate == nil)
        #expect(GateState(updateProbabilityIncrement: 0, cumulativeUpdateProbability: 0.5).timestepsUntilUpdate == nil)
    }

    @Test("the first timestep of a sequence updates")
    func start() { #expect(GateState.start.timestepsUntilUpdate == 1) }

    @Test("the golden table's counts are met")
    func table() throws {
        let file = try Golden.open("nskip_table.safetensors")
        let deltas = try #require(file.floats("delta"))
        let expected = try #require(file.integers("steps_to_fire_f32"))
        for (delta, steps) in zip(deltas, expected) {
            let count = after(delta).timestepsUntilUpdate
            // −1 stands there for 0, 1e-9 and 1e-8, which stall, and for 3e-8, where the table's maker gave up: stepping reaches 16,776,249.
            #expect(steps > 0 ? count == UInt64(steps) : count == stepping(after(delta)), "Δũ = \(delta)")
        }
    }
}
