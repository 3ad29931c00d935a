import Glibc

/// Holds a route's cost at its budget by moving its stretch: an integral controller of the stretch's logarithm.
///
///     cost ≈ demand / factor,   ln factor ← max(0, ln factor + g · seconds · (cost · max(0, 1 − lead) / limit − 1))
///
/// with g = 1 a second. What is added up is the cost itself, for as long as it lasted, and not its logarithm: so its mean is held also where it swings
/// by itself, as it does where sequences begin and end together.
///
/// A stream takes a new stretch at its next update only, so that cost follows late, by a skip's length. `lead` makes up for it: how much longer the
/// skips are that were begun in an interval than those that ended in it, as the sum of ln (begun / usual) less that of ln (ended / usual), an update. It
/// is what the cost is yet to fall by. Without it a controller this quick would swing. Every skip that begins has to end in it, as long as it was when it
/// began, also one that a sequence's end cuts off or a device's restart: what is left out, or comes back shorter, would be missing from the cost for
/// good. So would be the ends of sequences that an interval's end parts from the beginnings of the next ones, were a usual skip another one then.
///
/// Time comes in from outside: nothing here asks a clock.
struct BudgetController {
    let limit: Double
    /// What the route's own stretch is multiplied by, at least 1.
    private(set) var factor: Float = 1
    /// Cost a second, smoothed over about a second.
    private(set) var load = 0.0

    /// ln factor.
    private var level = 0.0
    /// When the interval began, in nanoseconds; nil before the first.
    private var intervalStart: Int64?
    /// Since then: cost, and skips begun, one an update, and ended, with the sums of their logarithms.
    private var cost = 0.0
    private var begun = (count: 0, logarithms: 0.0)
    private var ended = (count: 0, logarithms: 0.0)
    /// The mean logarithm of the skips begun, smoothed over about ten seconds; nil before the first.
    private var usual: Double?
    private var isTold = false

    /// What subscribers may want to know.
    enum Change { case began, ended }

    /// An interval is half a second, up to a second where there are too few updates to tell the rate by.
    private static let shortest: Int64 = 500_000_000
    private static let longest: Int64 = 1_000_000_000
    private static let enough = 200
    /// A second. Above 2 it swings with streams whose skips last seconds.
    private static let gain = 1.0
    /// The most that the level grows in an interval: about what a load of five times the budget asks for. A shorter one cuts off the peaks with which
    /// sequences begin together, and the budget is exceeded by what it cuts off.
    private static let longestStep = 1.5
    /// ln 1000: a stretch that reads next to nothing. More would take long to come back from.
    private static let highest = 6.907755
    /// Longer skips than these count as these.
    private static let longestSkip: UInt64 = 1 << 20

    init(limit: Double) { self.limit = limit }

    /// A Boolean value indicating whether all that can be shed is shed, and it is not enough.
    var isExceeded: Bool { level >= Self.highest && load > 1.05 * limit }

    /// Notes an update, and how many timesteps the skip has that it began.
    mutating func note(begun timesteps: UInt64) { Self.add(timesteps, &begun) }

    /// Notes the end, by an update or with its sequence, of a skip that was to have so many timesteps.
    mutating func note(ended timesteps: UInt64) { Self.add(timesteps, &ended) }

    private static func add(_ timesteps: UInt64, _ sum: inout (count: Int, logarithms: Double)) {
        sum.count += 1
        sum.logarithms += log(Double(max(1, min(timesteps, longestSkip))))
    }

    /// Notes what was spent: updates, or seconds.
    mutating func spend(_ amount: Double) { cost += amount }

    /// Ends the interval if it is time.
    /// - Parameter now: nanoseconds of a clock that is never set.
    mutating func advance(to now: Int64) -> Change? {
        guard let start = intervalStart else {
            intervalStart = now
            return nil
        }
        let elapsed = now - start
        guard elapsed >= Self.shortest, begun.count >= Self.enough || elapsed >= Self.longest else { return nil }
        let seconds = Double(elapsed) / 1e9
        let rate = cost / seconds
        load += (rate - load) * (1 - exp(-seconds))
        var lead = 0.0
        if begun.count > 0 {
            let mean = begun.logarithms / Double(begun.count)
            let usual = self.usual ?? mean
            lead = (begun.logarithms - ended.logarithms - Double(begun.count - ended.count) * usual) / Double(begun.count)
            self.usual = usual + (mean - usual) * (1 - exp(-seconds / 10))
        }
        let excess = rate * max(0, 1 - lead) / limit - 1
        level = min(max(0, level + min(Self.gain * seconds * excess, Self.longestStep)), Self.highest)
        factor = Float(exp(level))
        (intervalStart, cost, begun, ended) = (now, 0, (0, 0), (0, 0))
        if !isTold, factor >= 1.1 {
            isTold = true
            return .began
        }
        if isTold, factor == 1 {
            isTold = false
            return .ended
        }
        return nil
    }
}
