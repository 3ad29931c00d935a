import CSkipKernels

/// A matrix and its bias in the order in which the kernels read them: blocks of 16 rows, column by column within a block
/// (the layout is drawn in `CSkipKernels.h`).
///
/// Several gates are stacked; each begins at a block's start, so that a gate's outputs lie at a multiple of 16.
struct PackedMatrix: BitwiseCopyable, @unchecked Sendable { // its memory is only read
    /// (blocks · 16, columns), packed.
    let panel: UnsafePointer<Float>
    /// (blocks · 16).
    let bias: UnsafePointer<Float>
    let blocks: Int
    let columns: Int

    /// The floats of one product's result: rows, padded.
    var paddedRows: Int { blocks * Int(SKIP_ROWS) }

    /// H rounded up to whole blocks.
    static func padded(_ rows: Int) -> Int { (rows + Int(SKIP_ROWS) - 1) / Int(SKIP_ROWS) * Int(SKIP_ROWS) }

    /// Packs stacked gates.
    /// - Parameters:
    ///   - gates: each gate's rows, as closures from (row, column) to a weight and from row to a bias.
    ///   - rows: H, rows of each gate.
    ///   - memory: where the matrix is to lie.
    init(gates: [(weight: (Int, Int) -> Float, bias: (Int) -> Float)], rows: Int, columns: Int, in memory: WeightMemory) {
        let height = Int(SKIP_ROWS)
        let paddedRows = Self.padded(rows)
        var panel = [Float](repeating: 0, count: gates.count * paddedRows * columns)
        var bias = [Float](repeating: 0, count: gates.count * paddedRows)
        for (index, gate) in gates.enumerated() {
            for row in 0..<rows {
                let place = index * paddedRows + row
                bias[place] = gate.bias(row)
                for column in 0..<columns {
                    panel[place / height * height * columns + column * height + place % height] = gate.weight(row, column)
                }
            }
        }
        self.panel = memory.keep(panel)
        self.bias = memory.keep(bias)
        blocks = gates.count * paddedRows / height
        self.columns = columns
    }

    /// y[s] = bias + W · x[s] for `streams` vectors, `xStride` and `yStride` floats apart.
    @inline(__always)
    func multiply(_ x: UnsafePointer<Float>, stride xStride: Int, into y: UnsafeMutablePointer<Float>, stride yStride: Int, streams: Int, _ kernels: Kernels) {
        kernels.matvec(panel, bias, blocks, columns, x, xStride, y, yStride, streams)
    }
}
