import Glibc

/// Adapts λ while training so that the update rate comes to a wanted one.
///
/// λ is multiplied by exp(gain · e) after each step, where e is how far the smoothed rate is off, relative to the wanted
/// one and at most 1. The gain is such that a factor of ten takes a twentieth of the training, at most 5 % a step.
struct UpdateRateTarget: Sendable, Equatable {
    let rate: Double
    /// Steps of the whole training.
    let steps: Int
    private var gain: Double { max(0.001, min(0.05, log(10) / (0.05 * Double(max(steps, 1))))) }
    private static let smoothing = 0.1
    private static let bounds = 1e-7...1.0

    /// Smooths the rate and returns the next λ.
    func adapt(_ cost: Double, smoothed: inout Double, measured: Double) -> Double {
        smoothed += Self.smoothing * (measured - smoothed)
        let error = max(-1, min(1, (smoothed - rate) / rate))
        return max(Self.bounds.lowerBound, min(Self.bounds.upperBound, max(cost, Self.bounds.lowerBound) * exp(gain * error)))
    }
}
