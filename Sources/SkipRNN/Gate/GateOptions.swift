/// What an operator may change about when updates fall due. The defaults are the trained behaviour.
public struct GateOptions: Sendable, Hashable {
    /// κ ≥ 1: each increment is divided by it, so that about κ times as many timesteps are skipped. The default is 1.
    public var stretch: Float
    /// The most timesteps skipped in a row before an update is forced. The default is nil, no bound.
    public var maxSkip: Int?

    public init(stretch: Float = 1, maxSkip: Int? = nil) {
        precondition(stretch >= 1, "a stretch below 1 would read more than the model was trained to")
        self.stretch = stretch
        self.maxSkip = maxSkip
    }

    /// The increment as it is accumulated. A stretch of 1 changes no bit.
    public func stretched(_ increment: Float) -> Float { stretch == 1 ? increment : increment / stretch }

    /// Timesteps up to and with the next update after `gate` was updated; nil where there will be none.
    public func timestepsUntilUpdate(_ gate: GateState) -> UInt64? { countdown(gate).timesteps }

    /// The same, and whether `maxSkip` forces the update before the gate would have asked for it.
    public func countdown(_ gate: GateState) -> (timesteps: UInt64?, isForced: Bool) {
        let own = gate.timestepsUntilUpdate
        guard let maxSkip else { return (own, false) }
        let forced = UInt64(maxSkip) + 1
        return (min(own ?? forced, forced), own.map { $0 > forced } ?? true)
    }
}

extension Model {
    /// When updates fall due, where an operator has a say in it. Without a state update gate a cell updates at every timestep: there is
    /// nothing to stretch.
    /// - Parameter maxSkip: the model's own bound where it is nil.
    public func gateOptions(stretch: Float = 1, maxSkip: Int? = nil) -> GateOptions {
        GateOptions(stretch: architecture.cell.hasStateUpdateGate ? stretch : 1, maxSkip: maxSkip ?? metadata.maxSkip)
    }
}
