import Glibc
import SkipRNN

/// How often a model's gate can fire, by its weights alone: every hidden unit of a GRU lies in (−1, 1), so that
///
///     σ(b − Σ|w|) ≤ Δũ ≤ σ(b + Σ|w|)
///
/// The cell state of an LSTM, which its gate reads, has no such bound. (A learned initial state may lie outside (−1, 1); the
/// units reach their bounds within a few updates.)
struct UpdateRateBounds {
    /// Timesteps from one update to the next; nil for an LSTM, or without a gate. `longest` is nil where updates may cease.
    let range: (shortest: UInt64?, longest: UInt64?)?
    let sentence: String

    init(_ model: ModelFile) {
        guard model.architecture.cell.hasStateUpdateGate else {
            range = nil
            sentence = "every timestep is read: \(model.architecture.cell.rawValue) has no state update gate"
            return
        }
        guard !model.architecture.cell.isLSTM else {
            range = nil
            sentence = "not bounded by the weights: the gate reads the cell state; `skipctl replay` measures it"
            return
        }
        let weight = model.tensors["state_update_gate.weight"]?.values.reduce(0) { $0 + Double(abs($1)) } ?? 0
        let bias = Double(model.tensors["state_update_gate.bias"]?.values.first ?? 0)
        let options = GateOptions(maxSkip: model.metadata.maxSkip)
        func timesteps(_ logit: Double) -> UInt64? {
            options.timestepsUntilUpdate(GateState(updateProbabilityIncrement: Float(1 / (1 + exp(-logit))), cumulativeUpdateProbability: 0))
        }
        let (shortest, longest) = (timesteps(bias + weight), timesteps(bias - weight))
        range = (shortest, longest)
        switch (shortest, longest) {
        case (let shortest?, let longest?) where shortest == longest:
            sentence = shortest == 1 ? "every timestep is read" : "one timestep in \(grouped(Int(clamping: shortest))) is read"
        case (let shortest?, let longest?):
            sentence = "one timestep in \(grouped(Int(clamping: shortest))) to \(grouped(Int(clamping: longest))) is read"
        case (let shortest?, nil):
            sentence = "one timestep in \(grouped(Int(clamping: shortest))) or more is read; the weights allow updates to cease for good, which max_skip would prevent"
        case (nil, _):
            sentence = "only the first timestep is ever read: the gate's weights give increments that are lost in rounding"
        }
    }
}
