// Back through time, and through the state update gate by the straight-through estimator (∂ round(x) / ∂x = 1):
//
//     dgate = λ/B + Σ_layers ⟨dh, h̃ − h⟩ (+ ⟨dc, c̃ − c⟩) + dΔũ · (Δũ̃ − Δũ) − dũ · pre
//     dpre  = dgate + dũ · (1 − gate)
//     dΔũ̃   = dΔũ · gate
//     dΔũ   = dΔũ · (1 − gate) + dpre,  dũ = dpre      where Δũ ≤ 1 − ũ: a tie of the min goes to its first argument
//     dΔũ   = dΔũ · (1 − gate),         dũ = 0         elsewhere
//     dh̃    = gate · dh,  dh = (1 − gate) · dh + …
//
// Source: the released code's cells under TensorFlow's gradients (QUIRKS.md, Q12).

import SkipRNN

extension BatchPart {
    /// The backward pass of what `loss` left; adds to this part's gradients.
    func backward(_ batch: Batch, _ options: LossOptions) {
        guard rows > 0 else { return }
        let top = layers[layers.count - 1]
        for layer in layers {
            layer.hiddenGradient.zero(rows * layer.shape.padded)
            layer.cellGradient.zero(rows * layer.shape.padded)
        }
        var index = 0
        if options.place == .last {
            backwardHead(rows)
            top.hiddenGradient.start.update(from: topGradient.start, count: rows * top.shape.padded)
        } else {
            for place in updated.indices where updated[place] { index += 1 }
            backwardHead(index)
        }
        var incrementGradient = [Float](repeating: 0, count: rows)
        var sumGradient = incrementGradient
        for t in stride(from: timesteps - 1, through: 0, by: -1) {
            updating.reset(capacity: rows)
            for row in 0..<rows where updated[t * rows + row] { updating.append(row) }
            if options.place == .updates {
                index -= updating.count
                addLossGradient(from: index)
            }
            let candidateGradient = network.hasGate ? backwardGate(t, batch, options, &incrementGradient, &sumGradient) : []
            backwardLayers(t, candidateGradient)
        }
        for layer in layers { layer.sumUp() }
    }

    private func addLossGradient(from index: Int) {
        let top = layers[layers.count - 1]
        let p = top.shape.padded
        for i in 0..<updating.count {
            let (to, from) = (top.hiddenGradient.start + Int(updating.rows[i]) * p, topGradient.start + (index + i) * p)
            for j in 0..<p { to[j] += from[j] }
        }
    }

    /// - Returns: for each updating row, the derivative of its logit of Δũ̃.
    private func backwardGate(_ t: Int, _ batch: Batch, _ options: LossOptions, _ incrementGradient: inout [Float], _ sumGradient: inout [Float]) -> [Float] {
        let gradient = gateGradient.start
        for row in 0..<rows { gradient[row] = options.costPerUpdate / Float(batch.count) }
        for layer in layers {
            let p = layer.shape.padded
            kernels.differenceDot(layer.hiddenGradient.start, layer.candidates(at: t), layer.hidden(at: t), gradient, rows, p)
            if layer.shape.kind == .lstm { kernels.cellDifferenceDot(layer.cellGradient.start, layer.gates(at: t), layer.shape.stride, layer.cell(at: t), gradient, rows, p) }
        }
        var logits: [Float] = []
        for row in 0..<rows where t < lengths[row] {
            let place = t * rows + row
            let (dIncrement, dSum) = (incrementGradient[row], sumGradient[row])
            // Δũ̃ = σ / κ; a division by 1 changes no bit.
            let (sigmoid, stretch) = (candidateIncrements.start[place], stretches[row])
            let candidate = sigmoid / stretch
            let gate: Float = updated[place] ? 1 : 0
            let dGate = gradient[row] + dIncrement * (candidate - increments[place]) - dSum * sums[place]
            let dPre = dGate + dSum * (1 - gate)
            if updated[place] { logits.append(dIncrement * candidate * (1 - sigmoid)) }
            let isFirst = increments[place] <= 1 - sumsBefore[place]
            incrementGradient[row] = dIncrement * (1 - gate) + (isFirst ? dPre : 0)
            sumGradient[row] = isFirst ? dPre : 0
        }
        return logits
    }

    private func backwardLayers(_ t: Int, _ logits: [Float]) {
        guard updating.count > 0 else { return }
        let count = updating.count
        let features = network.architecture.inputSize
        for index in layers.indices.reversed() {
            let layer = layers[index]
            let p = layer.shape.padded
            updating.gather(layer.hiddenGradient.start, p, into: d.start)
            if layer.shape.kind == .lstm { updating.gather(layer.cellGradient.start, p, into: dc.start) }
            if index < layers.count - 1 {
                // ∂/∂input of the layer above.
                for i in 0..<(count * p) { d.start[i] += dx.start[i] }
            } else if !logits.isEmpty {
                backwardIncrement(t, logits, layer)
            }
            layer.backward(t, updating, d.start, dc.start, below: index > 0 ? layers[index - 1] : nil, input: input.start + t * rows * features, dx: dx.start)
        }
    }

    /// Through Δũ̃ = σ(w · s̃ + b) into w, b and the top layer's candidate.
    private func backwardIncrement(_ t: Int, _ logits: [Float], _ top: LayerPass) {
        let p = top.shape.padded
        let (weight, weightGradient) = (network.gateWeight.start, gateWeightGradient.start)
        // Where a row updates, its candidate is its state afterwards.
        let states = top.shape.kind == .lstm ? top.cell(at: t + 1) : top.hidden(at: t + 1)
        let target = top.shape.kind == .lstm ? dc.start : d.start
        for (i, logit) in logits.enumerated() where logit != 0 {
            let (to, state) = (target + i * p, states + Int(updating.rows[i]) * p)
            for j in 0..<p {
                to[j] += logit * weight[j]
                weightGradient[j] += logit * state[j]
            }
            gateBiasGradient += logit
        }
    }

    /// Adds this part's gradients to a whole one and sets them to zero.
    func collect(into gradient: inout Parameters) {
        for (index, layer) in layers.enumerated() {
            layer.gradient.add(to: &gradient, layer: index)
            layer.gradient.zero()
            let shape = layer.shape
            guard rows > 0 else { continue }
            addInitialState(layer.hiddenGradient, shape, "initial_state.h_l\(index)", &gradient)
            if shape.kind == .lstm { addInitialState(layer.cellGradient, shape, "initial_state.c_l\(index)", &gradient) }
        }
        let head = network.head
        func add(_ name: String, _ buffer: FloatBuffer, rows: Int, columns: Int, stride: Int) {
            if let range = gradient.ranges[name] {
                for row in 0..<rows {
                    for column in 0..<columns { gradient.values[range.lowerBound + row * columns + column] += buffer.start[row * stride + column] }
                }
            }
            buffer.zero(buffer.capacity)
        }
        add("head.weight", headGradient, rows: head.outputs, columns: head.hidden, stride: head.padded)
        add("head.bias", headBiasGradient, rows: 1, columns: head.outputs, stride: 0)
        add("state_update_gate.weight", gateWeightGradient, rows: 1, columns: head.hidden, stride: 0)
        if let range = gradient.ranges["state_update_gate.bias"] { gradient.values[range.lowerBound] += gateBiasGradient }
        gateBiasGradient = 0
    }

    /// The initial state is shared by all sequences: its gradient is the sum over them.
    private func addInitialState(_ buffer: FloatBuffer, _ shape: LayerShape, _ name: String, _ gradient: inout Parameters) {
        guard let range = gradient.ranges[name] else { return }
        for row in 0..<rows {
            for unit in 0..<shape.hidden { gradient.values[range.lowerBound + unit] += buffer.start[row * shape.padded + unit] }
        }
    }
}
