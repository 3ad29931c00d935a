// The loss at the last timestep or at every update, and its derivative with respect to the top layer's hidden states.

extension BatchPart {
    /// Computes the loss of what `forward` left.
    /// - Parameters:
    ///   - range: the part's rows in the batch.
    func loss(_ batch: Batch, _ range: Range<Int>, _ options: LossOptions) -> BatchResult {
        var result = BatchResult()
        guard rows > 0 else { return result }
        let head = network.head
        let (p, width) = (head.padded, head.weights.outputs)
        let top = layers[layers.count - 1]
        for place in updated.indices where updated[place] { result.updates += 1 }
        result.timesteps = lengths.reduce(0, +)
        for row in 0..<rows where stretches[row] == 1 {
            result.plainTimesteps += lengths[row]
            for t in 0..<lengths[row] where updated[t * rows + row] { result.plainUpdates += 1 }
        }
        result.sequences = rows
        result.budgetLoss = Double(options.costPerUpdate) * Double(result.updates) / Double(batch.count)

        computeOutputs(top.hidden(at: timesteps), rows)
        lastOutputs.removeAll(keepingCapacity: true)
        let scale = 1 / Float(batch.count)
        batch.targets.withUnsafeBufferPointer { targets in
            func target(_ row: Int) -> Head.Target {
                if !batch.classes.isEmpty { return .class(batch.classes[range.lowerBound + row]) }
                guard let base = targets.baseAddress else { preconditionFailure("a batch has classes or targets") }
                return .values(base + (range.lowerBound + row) * head.outputs)
            }
            for row in 0..<rows {
                let y = outputs.start + row * width
                lastOutputs.append(Array(UnsafeBufferPointer(start: y, count: head.outputs)))
                switch target(row) {
                case .class(let label):
                    var best = 0
                    for c in 1..<max(head.outputs, 1) where y[c] > y[best] { best = c }
                    if best == label { result.correct += 1 }
                case .values(let values):
                    for c in 0..<head.outputs { result.squaredError += Double(y[c] - values[c]) * Double(y[c] - values[c]) }
                }
                let loss = head.loss(y, target: target(row), scale: scale)
                if options.place == .last { result.taskLoss += loss / Double(batch.count) }
            }
            if options.place == .updates { lossAtUpdates(batch, &result, target) }
        }
        if options.place == .last {
            topHidden.reserve(rows * p)
            topHidden.start.update(from: top.hidden(at: timesteps), count: rows * p)
        }
        return result
    }

    /// y = W h + b of `count` rows of hidden states.
    private func computeOutputs(_ hidden: UnsafeMutablePointer<Float>, _ count: Int) {
        let head = network.head
        let width = head.weights.outputs
        outputs.reserve(count * width)
        kernels.product(hidden, head.padded, count, head.weights, outputs.start, width)
        kernels.addBias(outputs.start, width, nil, 0, head.bias.start, count, width)
        // The padding's outputs are their zero biases; they stay zero as derivatives.
    }

    private func lossAtUpdates(_ batch: Batch, _ result: inout BatchResult, _ target: (Int) -> Head.Target) {
        let (p, width) = (network.head.padded, network.head.weights.outputs)
        let top = layers[layers.count - 1]
        topHidden.reserve(result.updates * p)
        var counts = [Int](repeating: 0, count: rows)
        var index = 0
        for t in 0..<timesteps {
            for row in 0..<rows where updated[t * rows + row] {
                (topHidden.start + index * p).update(from: top.hidden(at: t + 1) + row * p, count: p)
                counts[row] += 1
                index += 1
            }
        }
        computeOutputs(topHidden.start, index)
        index = 0
        for t in 0..<timesteps {
            for row in 0..<rows where updated[t * rows + row] {
                let share = 1 / (Double(batch.count) * Double(counts[row]))
                result.taskLoss += share * network.head.loss(outputs.start + index * width, target: target(row), scale: Float(share))
                index += 1
            }
        }
    }

    /// Takes the loss's derivative back through the head: its gradients, and ∂/∂h of each row of `topHidden`.
    func backwardHead(_ count: Int) {
        let head = network.head
        let (p, width) = (head.padded, head.weights.outputs)
        topGradient.reserve(count * p)
        kernels.product(outputs.start, width, count, head.transposed, topGradient.start, p)
        kernels.addTransposedProduct(outputs.start, width, topHidden.start, p, rows: count, m: width, n: p, headGradient.start, p)
        kernels.columnSum(outputs.start, width, count, width, headBiasGradient.start)
    }
}
