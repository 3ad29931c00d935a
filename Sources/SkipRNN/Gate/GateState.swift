/// The state update gate's state of one stream: the increment Δũ of the update probability and the sum ũ it accumulates to.
///
///     pre  = ũ + min(Δũ, 1 − ũ)          (equation 5, in the authors' order: one timestep behind the paper's indices)
///     u    = 1 where pre > ½, else 0      (strictly: a tie at ½ copies the state)
///     ũ    = 0 where u = 1, else pre
///
/// All arithmetic is Float32, as in the authors' code: near Δũ = ½/k the rounding of the sum decides the timestep.
/// Source: Campos et al., ICLR 2018, equations 2–5; the released cells' `_binary_round` for the tie.
public struct GateState: Sendable, Hashable {
    /// Δũ, in [0, 1]: constant from one update to the next.
    public internal(set) var updateProbabilityIncrement: Float
    /// ũ, in [0, ½]: the sum since the last update, 0 right after it.
    public internal(set) var cumulativeUpdateProbability: Float

    /// A sequence's start: the first timestep always updates. (0, 0) would never update again.
    public static let start = GateState(updateProbabilityIncrement: 1, cumulativeUpdateProbability: 0)

    public init(updateProbabilityIncrement: Float, cumulativeUpdateProbability: Float) {
        self.updateProbabilityIncrement = updateProbabilityIncrement
        self.cumulativeUpdateProbability = cumulativeUpdateProbability
    }

    /// What the next timestep's decision is taken on.
    @inline(__always)
    var sum: Float {
        let (increment, room) = (updateProbabilityIncrement, 1 - cumulativeUpdateProbability)
        return cumulativeUpdateProbability + (increment <= room ? increment : room)
    }

    /// A Boolean value indicating whether the next timestep updates the hidden state.
    public var isUpdateDue: Bool { sum > 0.5 }

    /// Passes one timestep that is skipped. An update that is due stays due.
    public mutating func skip() {
        let sum = sum
        if sum <= 0.5 { cumulativeUpdateProbability = sum }
    }

    /// Notes an update: the sum starts anew with the new increment.
    public mutating func update(increment: Float) { self = GateState(updateProbabilityIncrement: increment, cumulativeUpdateProbability: 0) }
}
