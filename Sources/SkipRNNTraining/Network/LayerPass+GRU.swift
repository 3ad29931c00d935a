// The GRU's two directions; equations in SkipRNN's GRUCell.
//
//     ∂z = d ∘ (h − n)        ∂n = d ∘ (1 − z)        ∂h = d ∘ z + …
//     reset before: ∂(r ∘ h) = U_nᵀ ∂n̂,  ∂r = ∂(r ∘ h) ∘ h,  ∂h += ∂(r ∘ h) ∘ r
//     reset after:  ∂r = ∂n̂ ∘ q,  ∂q = ∂n̂ ∘ r
//     ∂h += U_rzᵀ [∂r̂, ∂ẑ] (and U_nᵀ ∂q)                    (ŷ: before the activation)

extension LayerPass {
    func forwardGRU(_ t: Int) {
        let (p, stride) = (shape.padded, shape.stride)
        let (g, h) = (gates(at: t), hidden(at: t))
        let recurrentStride = shape.recurrentGates * p
        kernels.addBias(g, stride, recurrent.start, recurrentStride, weights.bias.start, rows, 2 * p)
        if shape.hasNorm { normalizeForward(t) }
        kernels.gruGates(g, stride, h, scratch.start, rows, p)
        if shape.kind == .gruResetBefore {
            kernels.product(scratch.start, p, rows, weights.candidate, scratch2.start, p)
            kernels.gruCandidate(g, stride, scratch2.start, weights.bias.start + 2 * p, h, candidates(at: t), rows, p)
        } else {
            kernels.addBias(g + 2 * p, stride, nil, 0, weights.bias.start + 2 * p, rows, p)
            kernels.gruCandidateAfter(g, stride, recurrent.start + 2 * p, recurrentStride, weights.recurrentBias.start, h, candidates(at: t), rows, p)
        }
    }

    func backwardGRU(_ t: Int, _ updating: RowList, _ d: UnsafeMutablePointer<Float>, _ dg: UnsafeMutablePointer<Float>) {
        let (p, stride, count) = (shape.padded, shape.stride, updating.count)
        let (g, h) = (gates(at: t), hidden(at: t))
        let dh = scratch.start
        if shape.kind == .gruResetBefore {
            kernels.gruBackward(updating.rows, count, g, stride, h, d, dg, dh, p)
            kernels.product(dg + 2 * p, 3 * p, count, weights.candidateTransposed, scratch2.start, p)
            kernels.gruBackwardReset(updating.rows, count, g, stride, h, scratch2.start, dg, dh, pendingReset.start + pending * p, p)
            if shape.hasNorm { normalizeBackward(t, updating, dg) }
            kernels.product(dg, 3 * p, count, weights.recurrentTransposed, dh, p, accumulate: true)
        } else {
            let dq = pendingRecurrent.start + pending * 3 * p
            kernels.gruBackwardAfter(updating.rows, count, g, stride, h, d, dg, dq, dh, p)
            if shape.hasNorm {
                normalizeBackward(t, updating, dg)
                for i in 0..<count { (dq + i * 3 * p).update(from: dg + i * 3 * p, count: 2 * p) }
            }
            kernels.product(dq, 3 * p, count, weights.recurrentTransposed, dh, p, accumulate: true)
        }
        updating.scatter(dh, p, into: hiddenGradient.start)
    }
}
