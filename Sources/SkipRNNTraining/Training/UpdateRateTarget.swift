import Glibc

/// Adapts λ while training so that the update rate comes to a wanted one.
///
/// λ is multiplied by exp(gain · e) after each step, where e is how far the smoothed rate is off, relative to the wanted
/// one and at most 1: a rate that is too high makes λ grow by up to 2 % a step, so that a factor of ten takes some 115 steps.
struct UpdateRateTarget: Sendable, Equatable {
    let rate: Double
    private static let gain = 0.02
    private static let smoothing = 0.1
    private static let bounds = 1e-7...1.0

    /// Smooths the rate and returns the next λ.
    func adapt(_ cost: Double, smoothed: inout Double, measured: Double) -> Double {
        smoothed += Self.smoothing * (measured - smoothed)
        let error = max(-1, min(1, (smoothed - rate) / rate))
        return max(Self.bounds.lowerBound, min(Self.bounds.upperBound, max(cost, Self.bounds.lowerBound) * exp(Self.gain * error)))
    }
}
