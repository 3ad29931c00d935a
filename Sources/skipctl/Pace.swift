import Glibc
import SwiftOverlayShims // Where an optimised build finds timespec when libzmq is imported too.

/// When timesteps are due: at a steady rate from the first one on, or at once.
struct Pace {
    private let rate: Double?
    private let start = ContinuousClock.now
    private let startTime = wallClock()
    private var timesteps = 0

    /// - Parameter rate: timesteps per second; nil for no waiting.
    init(rate: Double?) { self.rate = rate }

    /// The next timestep's time in nanoseconds since the Unix epoch; nil without a rate.
    var timestamp: Int64? { rate.map { startTime + Int64(Double(timesteps) / $0 * 1e9) } }

    /// Waits until the timestep after `count` more is due; an interruption ends the wait.
    mutating func pass(_ count: Int) {
        timesteps += count
        guard let rate else { return }
        let due = start + .seconds(Double(timesteps) / rate)
        while !Interruption.hasCome {
            let left = ContinuousClock.now.duration(to: due)
            guard left > .zero else { return }
            // In pieces, since a signal may come between the question and the sleep.
            usleep(UInt32(min(left / .microseconds(1), 200_000)))
        }
    }
}
