import CSkipTraining

/// The C kernels of training, their functions unwrapped once.
struct Kernels: @unchecked Sendable { // a constant table of C functions that share nothing
    typealias Memory = UnsafeMutablePointer<Float>

    let name: String
    private let table: skip_training_kernels

    /// Floats to whose multiple every H is padded.
    static let rows = Int(SKIP_TRAINING_ROWS)
    /// Rows that are summed up in one transposed product: long enough for its efficiency, short enough for the caches.
    static let block = Int(SKIP_TRAINING_BLOCK)

    /// The fastest variant this machine can run.
    static let best = Kernels(skip_training_kernels_best().pointee)

    private init(_ table: skip_training_kernels) {
        self.table = table
        name = String(cString: table.name)
    }

    static func padded(_ count: Int) -> Int { (count + rows - 1) / rows * rows }

    @inline(__always) func product(_ x: Memory, _ ldx: Int, _ rows: Int, _ panel: PackedWeights, _ y: Memory, _ ldy: Int, accumulate: Bool = false) {
        guard rows > 0 else { return }
        table.product(x, ldx, rows, panel.buffer.start, panel.inputs, panel.outputs, y, ldy, accumulate ? 1 : 0)
    }
    @inline(__always) func addBias(_ g: Memory, _ ldg: Int, _ a: Memory?, _ lda: Int, _ bias: Memory, _ rows: Int, _ n: Int) { table.add_bias(g, ldg, a, lda, bias, rows, n) }
    @inline(__always) func gruGates(_ g: Memory, _ ldg: Int, _ h: Memory, _ rh: Memory, _ rows: Int, _ p: Int) { table.gru_gates(g, ldg, h, rh, rows, p) }
    @inline(__always) func gruCandidate(_ g: Memory, _ ldg: Int, _ a: Memory, _ bias: Memory, _ h: Memory, _ candidate: Memory, _ rows: Int, _ p: Int) { table.gru_candidate(g, ldg, a, bias, h, candidate, rows, p) }
    @inline(__always) func gruCandidateAfter(_ g: Memory, _ ldg: Int, _ a: Memory, _ lda: Int, _ bias: Memory, _ h: Memory, _ candidate: Memory, _ rows: Int, _ p: Int) { table.gru_candidate_after(g, ldg, a, lda, bias, h, candidate, rows, p) }
    @inline(__always) func lstmCandidate(_ g: Memory, _ ldg: Int, _ c: Memory, _ cell: Memory, _ candidate: Memory, _ rows: Int, _ p: Int) { table.lstm_candidate(g, ldg, c, cell, candidate, rows, p) }
    @inline(__always) func dot(_ w: Memory, _ s: Memory, _ out: Memory, _ rows: Int, _ p: Int) { table.dot(w, s, out, rows, p) }
    @inline(__always) func differenceDot(_ d: Memory, _ candidate: Memory, _ h: Memory, _ out: Memory, _ rows: Int, _ p: Int) { table.difference_dot(d, candidate, h, out, rows, p) }
    @inline(__always) func cellDifferenceDot(_ d: Memory, _ g: Memory, _ ldg: Int, _ c: Memory, _ out: Memory, _ rows: Int, _ p: Int) { table.cell_difference_dot(d, g, ldg, c, out, rows, p) }
    @inline(__always) func gruBackward(_ index: UnsafeMutablePointer<Int32>, _ count: Int, _ g: Memory, _ ldg: Int, _ h: Memory, _ d: Memory, _ dg: Memory, _ dh: Memory, _ p: Int) { table.gru_backward(index, count, g, ldg, h, d, dg, dh, p) }
    @inline(__always) func gruBackwardReset(_ index: UnsafeMutablePointer<Int32>, _ count: Int, _ g: Memory, _ ldg: Int, _ h: Memory, _ drh: Memory, _ dg: Memory, _ dh: Memory, _ rh: Memory, _ p: Int) { table.gru_backward_reset(index, count, g, ldg, h, drh, dg, dh, rh, p) }
    @inline(__always) func gruBackwardAfter(_ index: UnsafeMutablePointer<Int32>, _ count: Int, _ g: Memory, _ ldg: Int, _ h: Memory, _ d: Memory, _ dg: Memory, _ dq: Memory, _ dh: Memory, _ p: Int) { table.gru_backward_after(index, count, g, ldg, h, d, dg, dq, dh, p) }
    @inline(__always) func lstmBackward(_ index: UnsafeMutablePointer<Int32>, _ count: Int, _ g: Memory, _ ldg: Int, _ c: Memory, _ d: Memory, _ dc: Memory, _ dg: Memory, _ p: Int) { table.lstm_backward(index, count, g, ldg, c, d, dc, dg, p) }
    @inline(__always) func columnSum(_ d: Memory, _ ldd: Int, _ rows: Int, _ n: Int, _ sum: Memory) { table.column_sum(d, ldd, rows, n, sum) }
    @inline(__always) func adam(_ w: Memory, _ m: Memory, _ v: Memory, _ g: UnsafePointer<Float>, _ n: Int, scale: Float, beta1: Float, beta2: Float, rate: Float, epsilon: Float) { table.adam(w, m, v, g, n, scale, beta1, beta2, rate, epsilon) }

    /// to (m, n) += aᵀ b, where a is (rows, m) and b is (rows, n); m a multiple of 16.
    @inline(__always) func addTransposedProduct(_ a: Memory, _ lda: Int, _ b: Memory, _ ldb: Int, rows: Int, m: Int, n: Int, _ to: Memory, _ ldTo: Int) {
        table.transposed_product(a, lda, b, ldb, rows, m, n, to, ldTo)
    }
}
