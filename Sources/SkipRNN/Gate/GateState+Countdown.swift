// How many timesteps until the next update, exactly as Float32 additions one by one would give it, in microseconds.
//
// Within one binade [2^e, 2^(e+1)) of the sum, adding the same increment moves it by the same number of units in the
// last place each time: the exact sum's distance to the grid doesn't change, and a tie (the increment ends in half a
// unit) is rounded to even, so that after one addition the sum is even and every further tie rounds the same way. So:
// add once to settle, measure the move d by adding once more, jump as many whole d as fit into the binade, go on.
// A sum reaches ½ after at most 25 binades in which it moves at all; where d = 0 it never will.

extension GateState {
    /// The number of timesteps up to and with the next update, at least 1; nil where no number of timesteps leads to one
    /// (the increment is lost in the sum's rounding).
    ///
    /// Equal to calling `skip()` until `isUpdateDue` for every pair of Float32 values.
    public var timestepsUntilUpdate: UInt64? {
        guard !isUpdateDue else { return 1 }
        var walk = Walk(sum: sum, increment: updateProbabilityIncrement)
        // The first addition, with its min, is behind us: one timestep passed without an update.
        guard let further = walk.additions(limit: .max) else { return nil }
        return 1 + further
    }

    /// Passes `count` timesteps that are skipped, in one go; equal to `skip()` called so many times.
    public mutating func skip(_ count: UInt64) {
        guard count > 0, !isUpdateDue else { return }
        var walk = Walk(sum: sum, increment: updateProbabilityIncrement)
        _ = walk.additions(limit: count - 1)
        cumulativeUpdateProbability = walk.sum
    }

    /// Repeated Float32 additions of a constant, fast.
    private struct Walk {
        /// The sum so far, at most ½.
        var sum: Float
        let increment: Float

        /// Adds until the sum exceeds ½, at most `limit` times, and stops before the addition that exceeds it.
        /// - Returns: the additions up to and with that one; nil where it was not reached or never will be.
        mutating func additions(limit: UInt64) -> UInt64? {
            guard increment > 0 else { return nil }
            // Where the sum is smaller, its binade's end is so near that adding gets there sooner than arithmetic.
            let worthwhile = increment * 16
            var count: UInt64 = 0
            while count < limit {
                let next = sum + increment
                if next > 0.5 { return count + 1 }
                if next == sum { return nil }
                sum = next
                count += 1
                if sum >= worthwhile { jump(&count, limit: limit) }
            }
            return nil
        }

        /// Jumps as far as the sum moves evenly: to just below the end of its binade. The sum must be larger than the increment, or its
        /// parity would not settle.
        private mutating func jump(_ count: inout UInt64, limit: UInt64) {
            // The end of the sum's binade; ½ where that is nearer (½ is itself a power of two).
            let end = sum.isSubnormal || sum == 0 ? Float.leastNormalMagnitude : sum.binade * 2
            guard end <= 0.5, count < limit else { return }
            // Settle: where the increment ends in half a unit, this addition makes the sum even.
            let settled = sum + increment
            guard settled < end else { return }
            sum = settled
            count += 1
            let move = (sum + increment) - sum
            guard move > 0, sum + increment < end else { return }
            // Exact: end − sum and move are multiples of the binade's unit, fewer than 2²⁴ of them.
            let fitting = UInt64(((Double(end) - Double(sum)) / Double(move)).rounded(.down))
            // One less, so that the addition that reaches the end is made by itself, with the rounding of its place.
            let steps = min(fitting - 1, limit - count)
            sum = Float(Double(sum) + Double(steps) * Double(move))
            count += steps
        }
    }
}
