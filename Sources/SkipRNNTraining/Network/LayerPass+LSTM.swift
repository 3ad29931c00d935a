// The LSTM's two directions; equations in SkipRNN's LSTMCell.
//
//     ∂o = d ∘ tanh c̃,  ∂c̃ += d ∘ o ∘ (1 − tanh² c̃),  ∂i = ∂c̃ ∘ g,  ∂f = ∂c̃ ∘ c,  ∂g = ∂c̃ ∘ i
//     ∂c = ∂c̃ ∘ f,  ∂h = Uᵀ [∂î, ∂f̂, ∂ĝ, ∂ô]                (ŷ: before the activation)

extension LayerPass {
    func forwardLSTM(_ t: Int) {
        let (p, stride) = (shape.padded, shape.stride)
        kernels.addBias(gates(at: t), stride, recurrent.start, stride, weights.bias.start, rows, 4 * p)
        if shape.hasNorm { normalizeForward(t) }
        kernels.lstmCandidate(gates(at: t), stride, cell(at: t), candidateCell.start, candidates(at: t), rows, p)
    }

    func backwardLSTM(_ t: Int, _ updating: RowList, _ d: UnsafeMutablePointer<Float>, _ dc: UnsafeMutablePointer<Float>, _ dg: UnsafeMutablePointer<Float>) {
        let (p, count) = (shape.padded, updating.count)
        kernels.lstmBackward(updating.rows, count, gates(at: t), shape.stride, cell(at: t), d, dc, dg, p)
        if shape.hasNorm { normalizeBackward(t, updating, dg) }
        kernels.product(dg, 4 * p, count, weights.recurrentTransposed, scratch.start, p)
        updating.scatter(scratch.start, p, into: hiddenGradient.start)
        updating.scatter(dc, p, into: cellGradient.start)
    }
}
