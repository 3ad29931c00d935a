import Glibc
import SkipRNN

/// Some sequences of a batch on their way through the network and back: the work of one thread.
///
/// The forward pass computes every candidate, also where the gate copies the state, since the straight-through
/// estimator asks what an update would have changed; the backward pass goes through the cell only where the gate fired,
/// since elsewhere the derivative of the candidate is zero (QUIRKS.md, Q8 and Q12).
final class BatchPart: @unchecked Sendable { // one thread works on a batch part
    unowned let network: Network
    let layers: [LayerPass]
    let kernels = Kernels.best
    /// Sequences; timesteps.
    var rows = 0
    var timesteps = 0
    /// (T, b, F).
    let input = FloatBuffer()
    var lengths: [Int] = []
    /// (b): what increments are divided by.
    var stretches: [Float] = []

    /// Per timestep and row: whether it updated; the sum that decided; the gate's state before; Δũ of the candidate.
    var updated: [Bool] = []
    var sums: [Float] = []
    var increments: [Float] = []
    var sumsBefore: [Float] = []
    /// (T, b): also past the end and for cells without a gate.
    let candidateIncrements = FloatBuffer()

    let updating = RowList()
    let changed = RowList()
    let d = FloatBuffer()
    let dc = FloatBuffer()
    let dx = FloatBuffer()
    let gateGradient = FloatBuffer()
    /// (rows or updates, C padded) and (…, P).
    let outputs = FloatBuffer()
    let topHidden = FloatBuffer()
    let topGradient = FloatBuffer()

    /// (b): outputs at the last timestep.
    var lastOutputs: [[Float]] = []

    /// (P) and its bias.
    let gateWeightGradient: FloatBuffer
    var gateBiasGradient: Float = 0
    /// (C padded, P), (C padded).
    let headGradient: FloatBuffer
    let headBiasGradient: FloatBuffer

    init(_ network: Network) {
        self.network = network
        layers = network.layers.map { LayerPass($0) }
        gateWeightGradient = FloatBuffer(network.head.padded)
        headGradient = FloatBuffer(network.head.weights.outputs * network.head.padded)
        headBiasGradient = FloatBuffer(network.head.weights.outputs)
    }

    /// Takes over some sequences of a batch.
    func load(_ batch: Batch, _ range: Range<Int>) {
        rows = range.count
        lengths = Array(batch.lengths[range])
        timesteps = lengths.max() ?? 0
        stretches = batch.stretches.isEmpty ? [Float](repeating: 1, count: rows) : Array(batch.stretches[range])
        let features = batch.features
        let count = timesteps * rows
        input.reserve(count * features)
        batch.samples.withUnsafeBufferPointer { samples in
            guard let base = samples.baseAddress else { return }
            for t in 0..<timesteps {
                (input.start + t * rows * features).update(from: base + (t * batch.count + range.lowerBound) * features, count: rows * features)
            }
        }
        for layer in layers { layer.prepare(timesteps: timesteps, rows: rows) }
        updated = [Bool](repeating: false, count: count)
        sums = [Float](repeating: 0, count: count)
        increments = sums
        sumsBefore = sums
        candidateIncrements.reserve(count)
        let widest = layers.map { max($0.shape.padded, $0.shape.inputStride) }.max() ?? 0
        for buffer in [d, dc, dx] { buffer.reserve(rows * widest) }
        gateGradient.reserve(rows)
    }

    /// The forward pass: states, gates and candidates of all timesteps.
    func forward(forced: (_ t: Int, _ row: Int) -> Bool) {
        guard rows > 0 else { return }
        let features = network.architecture.inputSize
        for (index, layer) in layers.enumerated() {
            let shape = layer.shape
            if index == 0 { kernels.product(input.start, features, timesteps * rows, layer.weights.input, layer.gates.start, shape.stride) }
            if shape.readsRawInput { kernels.product(input.start, features, timesteps * rows, layer.weights.rawInput, layer.gates.start + 2 * shape.padded, shape.stride) }
            for row in 0..<rows {
                (layer.hidden.start + row * shape.padded).update(from: network.initialHidden[index].start, count: shape.padded)
                if shape.kind == .lstm { (layer.cell.start + row * shape.padded).update(from: network.initialCell[index].start, count: shape.padded) }
            }
        }
        var gates = [GateState](repeating: .start, count: rows)
        for t in 0..<timesteps {
            for (index, layer) in layers.enumerated() {
                layer.forward(t, below: index > 0 ? layers[index - 1] : nil, changed: t > 0 ? changed : nil)
            }
            if network.hasGate { computeIncrements(t) }
            updating.reset(capacity: rows)
            for row in 0..<rows {
                let place = t * rows + row
                let isWithin = t < lengths[row]
                if network.hasGate {
                    let gate = gates[row]
                    increments[place] = gate.updateProbabilityIncrement
                    sumsBefore[place] = gate.cumulativeUpdateProbability
                    let room = 1 - gate.cumulativeUpdateProbability
                    sums[place] = gate.cumulativeUpdateProbability + (gate.updateProbabilityIncrement <= room ? gate.updateProbabilityIncrement : room)
                    updated[place] = isWithin && gate.isUpdateDue
                    if updated[place] { gates[row].update(increment: candidateIncrements.start[place] / stretches[row]) } else if isWithin { gates[row].skip() }
                } else {
                    updated[place] = isWithin && forced(t, row)
                }
                if updated[place] { updating.append(row) }
            }
            for layer in layers { layer.select(t, updating: updating) }
            changed.reset(capacity: rows)
            for i in 0..<updating.count { changed.append(Int(updating.rows[i])) }
        }
    }

    /// Δũ = σ(w · s̃ + b) of the candidate states; s is the hidden state of a GRU, the cell state of an LSTM.
    private func computeIncrements(_ t: Int) {
        let top = layers[layers.count - 1]
        let state = top.shape.kind == .lstm ? top.candidateCell.start : top.candidates(at: t)
        let out = candidateIncrements.start + t * rows
        kernels.dot(network.gateWeight.start, state, out, rows, top.shape.padded)
        for row in 0..<rows { out[row] = Float(1 / (1 + exp(-(Double(out[row]) + Double(network.gateBias))))) }
    }
}
