/// One layer's way through a batch part: what its forward steps leave for its backward steps, timestep-major.
///
/// b: sequences of the part; a buffer of (T, b, P) holds timestep t at t · b · P.
final class LayerPass: @unchecked Sendable { // one thread works on a batch part
    let shape: LayerShape
    let weights: PackedLayer
    let gradient: LayerGradient
    let kernels = Kernels.best

    /// b.
    private(set) var rows = 0
    /// (T, b, stride): pre-activations, then activations.
    let gates = FloatBuffer()
    /// (T + 1, b, P): the hidden state before each timestep, and after the last.
    let hidden = FloatBuffer()
    /// (T + 1, b, P): the cell state of an LSTM.
    let cell = FloatBuffer()
    /// (T, b, P): the candidate hidden state h̃.
    let candidates = FloatBuffer()
    /// (b, P): the candidate cell state c̃ of the timestep in work.
    let candidateCell = FloatBuffer()
    /// (b, recurrentGates · P): the recurrent product of the hidden state as it is now.
    let recurrent = FloatBuffer()
    /// (T, b, normalizedGates · P): normalised pre-activations.
    let normalized = FloatBuffer()
    /// (T, b, normalizedGates, 2): standard deviation, 1 / (standard deviation + ε).
    let normScale = FloatBuffer()
    /// (b, max(P, recurrentGates · P)).
    let scratch = FloatBuffer()
    let scratch2 = FloatBuffer()

    /// ∂/∂h and ∂/∂c: (b, P).
    let hiddenGradient = FloatBuffer()
    let cellGradient = FloatBuffer()

    /// Rows whose weight gradient is not yet summed up.
    private(set) var pending = 0
    private var pendingCapacity = 0
    /// (pending, gates · P): ∂/∂pre-activations; of the recurrent product where the reset comes after.
    let pendingGates = FloatBuffer()
    let pendingRecurrent = FloatBuffer()
    /// (pending, inputStride), (pending, F), (pending, P), (pending, P).
    let pendingInput = FloatBuffer()
    let pendingRaw = FloatBuffer()
    let pendingHidden = FloatBuffer()
    let pendingReset = FloatBuffer()

    init(_ weights: PackedLayer) {
        shape = weights.shape
        self.weights = weights
        gradient = LayerGradient(weights.shape)
    }

    /// Makes room for T timesteps of b sequences.
    func prepare(timesteps: Int, rows: Int) {
        self.rows = rows
        let (p, count) = (shape.padded, timesteps * rows)
        gates.reserve(count * shape.stride)
        hidden.reserve((count + rows) * p)
        candidates.reserve(count * p)
        if shape.kind == .lstm {
            cell.reserve((count + rows) * p)
            candidateCell.reserve(rows * p)
        }
        recurrent.reserve(rows * shape.recurrentGates * p)
        normalized.reserve(count * shape.normalizedGates * p)
        normScale.reserve(count * shape.normalizedGates * 2)
        scratch.reserve(rows * max(shape.gates * p, shape.inputStride))
        scratch2.reserve(rows * max(shape.gates * p, shape.inputStride))
        hiddenGradient.reserve(rows * p)
        cellGradient.reserve(rows * p)
        pendingCapacity = max(Kernels.block, rows)
        pendingGates.reserve(pendingCapacity * shape.gates * p)
        if shape.kind == .gruResetAfter { pendingRecurrent.reserve(pendingCapacity * shape.gates * p) }
        pendingInput.reserve(pendingCapacity * shape.inputStride)
        if shape.readsRawInput { pendingRaw.reserve(pendingCapacity * shape.features) }
        pendingHidden.reserve(pendingCapacity * p)
        if shape.kind == .gruResetBefore { pendingReset.reserve(pendingCapacity * p) }
    }

    func gates(at t: Int) -> UnsafeMutablePointer<Float> { gates.start + t * rows * shape.stride }
    func hidden(at t: Int) -> UnsafeMutablePointer<Float> { hidden.start + t * rows * shape.padded }
    func cell(at t: Int) -> UnsafeMutablePointer<Float> { cell.start + t * rows * shape.padded }
    func candidates(at t: Int) -> UnsafeMutablePointer<Float> { candidates.start + t * rows * shape.padded }

    /// Recomputes the recurrent product of the rows whose hidden state has changed: the others' stands.
    /// - Parameter changed: rows that updated at the timestep before; nil for all.
    func multiplyRecurrent(_ t: Int, changed: RowList?) {
        let (p, n) = (shape.padded, shape.recurrentGates * shape.padded)
        guard let changed, changed.count < rows else {
            kernels.product(hidden(at: t), p, rows, weights.recurrent, recurrent.start, n)
            return
        }
        changed.gather(hidden(at: t), p, into: scratch.start)
        kernels.product(scratch.start, p, changed.count, weights.recurrent, scratch2.start, n)
        changed.scatter(scratch2.start, n, into: recurrent.start)
    }

    /// Computes the candidates of timestep t for all rows. The gates hold the first layer's input products already.
    func forward(_ t: Int, below: LayerPass?, changed: RowList?) {
        if let below { kernels.product(below.candidates(at: t), below.shape.padded, rows, weights.input, gates(at: t), shape.stride) }
        multiplyRecurrent(t, changed: changed)
        if shape.kind == .lstm { forwardLSTM(t) } else { forwardGRU(t) }
    }

    /// Replaces the states of the rows that update and copies the others'.
    func select(_ t: Int, updating: RowList) {
        let p = shape.padded
        func take(_ before: UnsafeMutablePointer<Float>, _ after: UnsafeMutablePointer<Float>, _ candidate: UnsafeMutablePointer<Float>) {
            if updating.count == rows { return after.update(from: candidate, count: rows * p) }
            after.update(from: before, count: rows * p)
            for i in 0..<updating.count {
                let row = Int(updating.rows[i])
                (after + row * p).update(from: candidate + row * p, count: p)
            }
        }
        take(hidden(at: t), hidden(at: t + 1), candidates(at: t))
        if shape.kind == .lstm { take(cell(at: t), cell(at: t + 1), candidateCell.start) }
    }

    /// Takes timestep t's updating rows back through the cell.
    /// - Parameters:
    ///   - d: ∂/∂h̃ of those rows, one after the other; its memory is used up.
    ///   - dc: ∂/∂c̃ likewise, for an LSTM.
    ///   - dx: receives ∂/∂input likewise, where there is a layer below.
    func backward(_ t: Int, _ updating: RowList, _ d: UnsafeMutablePointer<Float>, _ dc: UnsafeMutablePointer<Float>, below: LayerPass?, input: UnsafeMutablePointer<Float>, dx: UnsafeMutablePointer<Float>) {
        guard updating.count > 0 else { return }
        let (p, count) = (shape.padded, updating.count)
        let dg = pendingGates.start + pending * shape.gates * p
        if shape.kind == .lstm { backwardLSTM(t, updating, d, dc, dg) } else { backwardGRU(t, updating, d, dg) }
        updating.gather(hidden(at: t), p, into: pendingHidden.start + pending * p)
        let source = below?.candidates(at: t) ?? input
        updating.gather(source, shape.inputStride, into: pendingInput.start + pending * shape.inputStride)
        if shape.readsRawInput { updating.gather(input, shape.features, into: pendingRaw.start + pending * shape.features) }
        if below != nil { kernels.product(dg, shape.gates * p, count, weights.inputTransposed, dx, shape.inputStride) }
        pending += count
        if pending + rows > pendingCapacity { sumUp() }
    }

    /// Adds the pending rows' products to the weight gradients.
    func sumUp() {
        let (p, g) = (shape.padded, shape.gates * shape.padded)
        func add(_ d: FloatBuffer, _ gates: Range<Int>, _ x: FloatBuffer, _ width: Int, to: FloatBuffer, _ firstRow: Int) {
            kernels.addTransposedProduct(d.start + gates.lowerBound * p, g, x.start, width, rows: pending, m: gates.count * p, n: width, to.start + firstRow * p * width, width)
        }
        add(pendingGates, 0..<shape.inputGates, pendingInput, shape.inputStride, to: gradient.input, 0)
        if shape.readsRawInput { add(pendingGates, 2..<3, pendingRaw, shape.features, to: gradient.rawInput, 0) }
        switch shape.kind {
        case .gruResetBefore:
            add(pendingGates, 0..<2, pendingHidden, p, to: gradient.hidden, 0)
            add(pendingGates, 2..<3, pendingReset, p, to: gradient.hidden, 2)
        case .gruResetAfter:
            add(pendingRecurrent, 0..<3, pendingHidden, p, to: gradient.hidden, 0)
            kernels.columnSum(pendingRecurrent.start, g, pending, g, gradient.hiddenBias.start)
        case .lstm:
            add(pendingGates, 0..<4, pendingHidden, p, to: gradient.hidden, 0)
        }
        kernels.columnSum(pendingGates.start, g, pending, g, gradient.bias.start)
        pending = 0
    }
}
