public import SkipRNN

/// One of the paper's tasks whose sequences are made while training, fresh in every step.
///
/// As in the authors' scripts: an "epoch" is 300 iterations, followed by a validation on 15 fresh batches.
public final class GeneratedTask: BatchSource {
    public enum Kind: Sendable, Equatable {
        /// The sum of two marked values (section 4.1; QUIRKS.md, Q22).
        case adding(timesteps: Int)
        /// A sine's period within 5–6 ms, or not (appendix A.1; Q23). The sampling period is in milliseconds.
        case frequency(samplingPeriod: Double)
    }

    public let kind: Kind
    private let batchSize: Int
    private let seed: UInt64
    private let skipProbability: Double

    /// - Parameter skipProbability: for cells without a gate, the probability that a timestep is skipped.
    public init(_ kind: Kind, batchSize: Int, skipProbability: Double = 0, seed: UInt64) {
        self.kind = kind
        self.batchSize = batchSize
        self.skipProbability = skipProbability
        self.seed = seed
    }

    public var stepsPerEpoch: Int { 300 }
    public var validationBatches: Int { 15 }

    public var features: Int { if case .adding = kind { 2 } else { 1 } }
    public var outputs: Int { if case .adding = kind { 1 } else { 2 } }
    public var task: Architecture.Task { if case .adding = kind { .regression } else { .classification } }
    public var labels: [String] { if case .adding = kind { [] } else { ["5-6 ms", "other"] } }
    public var channels: [String] { if case .adding = kind { ["value", "marker"] } else { ["signal"] } }
    /// T.
    public var timesteps: Int {
        switch kind {
        case .adding(let timesteps): timesteps
        case .frequency(let period): Int((100 / period).rounded())
        }
    }

    public var identity: String { "\(kind), batch \(batchSize), seed \(seed), skip probability \(skipProbability)" }

    public func batch(epoch: Int, step: Int) -> Batch { make(SeededRandom(seed, epoch, step)) }
    public func validationBatch(epoch: Int, index: Int) -> Batch { make(SeededRandom(seed, -4, epoch, index)) }

    /// Held-out error two orders of magnitude below the output's variance of 2/12; held-out accuracy above 99 %.
    public func isSolved(_ validation: BatchResult) -> Bool {
        switch kind {
        case .adding: validation.squaredError / Double(max(validation.sequences, 1)) < 2.0 / 12 / 100
        case .frequency: validation.accuracy > 0.99
        }
    }

    private func make(_ random: SeededRandom) -> Batch {
        var random = random
        var batch = Batch(timesteps: timesteps, count: batchSize, features: features)
        switch kind {
        case .adding: fillAdding(&batch, &random)
        case .frequency(let period): fillFrequency(&batch, period, &random)
        }
        if skipProbability > 0 { batch.skipAtRandom(skipProbability, &random) }
        return batch
    }

    /// Values uniform in ±½; markers at one of the first tenth of the timesteps and at one of the last half.
    private func fillAdding(_ batch: inout Batch, _ random: inout SeededRandom) {
        let length = batch.timesteps
        for row in 0..<batch.count {
            let first = random.integer(max(length / 10, 1))
            let second = length / 2 + random.integer(length - length / 2)
            var sum: Float = 0
            for t in 0..<length {
                let value = Float(random.uniform(-0.5, 0.5))
                let isMarked = t == first || t == second
                let place = (t * batch.count + row) * 2
                batch.samples[place] = value
                batch.samples[place + 1] = isMarked ? 1 : 0
                if isMarked { sum += value }
            }
            batch.targets.append(sum)
        }
    }

    /// Half of each batch has a period uniform in 5–6 ms (class 0), half one uniform in 0–5 or 6–100 ms; the phase, uniform in
    /// 0 … period, is added to the angle as the authors' code does it.
    private func fillFrequency(_ batch: inout Batch, _ samplingPeriod: Double, _ random: inout SeededRandom) {
        for row in 0..<batch.count {
            let isTarget = row % 2 == 0
            var period: Double
            if isTarget {
                period = random.uniform(5, 6)
            } else {
                period = random.uniform(0, 99)
                if period >= 5 { period += 1 }
                period = max(period, 1e-6)
            }
            let phase = random.uniform(0, period)
            for t in 0..<batch.timesteps {
                let angle = 2 * Double.pi * samplingPeriod * Double(t) / period + phase
                batch.samples[t * batch.count + row] = Float(cosine(angle))
            }
            batch.classes.append(isTarget ? 0 : 1)
        }
    }
}
