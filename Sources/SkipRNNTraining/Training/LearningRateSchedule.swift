import Glibc

/// How the learning rate changes over a training.
public enum LearningRateSchedule: Sendable, Equatable {
    case constant
    /// Falls to zero along half a cosine.
    case cosine
    /// Falls to a tenth after each of the given number of epochs.
    case step(epochs: Int)

    /// The factor at a place of the training.
    /// - Parameter epoch: epochs done, with the fraction of the running one.
    func factor(epoch: Double, of epochs: Int) -> Double {
        switch self {
        case .constant: 1
        case .cosine: 0.5 * (1 + cos(Double.pi * min(epoch / Double(epochs), 1)))
        case .step(let length): pow(0.1, (epoch / Double(length)).rounded(.down))
        }
    }
}
