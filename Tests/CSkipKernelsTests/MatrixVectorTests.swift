import CSkipKernels
import Testing
import TestSupport

/// A packed matrix with its bias, and inputs of several streams with room between their rows.
private struct Product {
    let blocks: Int
    let cols: Int
    let streams: Int
    let ldx: Int
    let ldy: Int
    let weights: [Float]
    let bias: [Float]
    let x: [Float]

    var rows: Int { blocks * Int(SKIP_ROWS) }
    var description: String { "rows \(rows), cols \(cols), streams \(streams), ldx \(ldx), ldy \(ldy)" }

    init(rows: Int, cols: Int, streams: Int, using generator: inout SplitMix, value: (inout SplitMix) -> Float) {
        blocks = (rows + Int(SKIP_ROWS) - 1) / Int(SKIP_ROWS)
        self.cols = cols
        self.streams = streams
        ldx = cols + Int.random(in: 0...5, using: &generator)
        ldy = blocks * Int(SKIP_ROWS) + Int.random(in: 0...5, using: &generator)
        weights = (0..<blocks * Int(SKIP_ROWS) * cols).map { _ in value(&generator) }
        bias = (0..<blocks * Int(SKIP_ROWS)).map { _ in value(&generator) }
        x = (0..<(streams - 1) * ldx + cols).map { _ in value(&generator) }
    }

    /// The element of the packed matrix at a row and a column.
    func weight(_ row: Int, _ k: Int) -> Float { weights[row / 16 * 16 * cols + k * 16 + row % 16] }

    /// (streams, ldy), the last row without its room: what the variant computes for `count` streams from `first` on.
    func result(_ variant: Variant, first: Int = 0, count: Int? = nil) -> GuardedFloats {
        let count = count ?? streams
        let panel = UnsafeMutableBufferPointer<Float>(
            start: .init(OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: max(weights.count, 1) * 4, alignment: 64))),
            count: weights.count)
        defer { UnsafeMutableRawPointer(panel.baseAddress!).deallocate() }
        _ = panel.initialize(from: weights)
        let inputs = GuardedFloats(Array(x[first * ldx ..< (first + count - 1) * ldx + cols]))
        let outputs = GuardedFloats([Float](repeating: -7, count: (count - 1) * ldy + rows))
        variant.kernels.matvec(panel.baseAddress, bias, blocks, cols, inputs.pointer, ldx, outputs.pointer, ldy, count)
        return outputs
    }
}

@Suite("A packed matrix times one or several vectors")
struct MatrixVectorTests {
    @Test("whole numbers, which no order of additions rounds, come out exactly", arguments: Variant.all)
    func exact(variant: Variant) {
        var generator = SplitMix(seed: 1)
        for (rows, cols, streams) in [(16, 1, 1), (40, 9, 2), (96, 54, 1), (48, 54, 5), (220, 116, 4), (110, 117, 9), (16, 0, 2)] {
            let product = Product(rows: rows, cols: cols, streams: streams, using: &generator) { generator in
                Float(Int.random(in: -8...8, using: &generator))
            }
            let y = product.result(variant)
            #expect(y.isIntact)
            let values = y.values
            for s in 0..<streams {
                for row in 0..<product.rows {
                    let sum = (0..<cols).reduce(product.bias[row]) { $0 + product.weight(row, $1) * product.x[s * product.ldx + $1] }
                    guard values[s * product.ldy + row] != sum else { continue }
                    Issue.record("row \(row) of stream \(s) is \(values[s * product.ldy + row]), not \(sum), \(product.description)")
                }
            }
        }
    }

    @Test("a stream's sums are the same to the last bit alone and in company, and near the scalar ones", arguments: Variant.all)
    func company(variant: Variant) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        for _ in 0..<15 {
            let product = Product(
                rows: Int.random(in: 16...512, using: &generator), cols: Int.random(in: 1...300, using: &generator),
                streams: Int.random(in: 1...9, using: &generator), using: &generator
            ) { Float.random(in: -1...1, using: &$0) }
            let context = "seed \(seed): \(product.description)"
            let together = product.result(variant)
            let (bits, values, scalar) = (together.bits, together.values, product.result(.scalar).values)
            #expect(together.isIntact, "\(context)")
            for s in 0..<product.streams {
                let row = s * product.ldy ..< s * product.ldy + product.rows
                #expect(product.result(variant, first: s, count: 1).bits == Array(bits[row]), "stream \(s), \(context)")
                // Terms of both signs cancel: what is relative is relative to what they add up to without their signs
                // (a weight is ½ in the mean).
                let terms = (0..<product.cols).reduce(Float(1)) { $0 + abs(product.x[s * product.ldx + $1]) } / 2
                let far = row.first { !(abs(values[$0] - scalar[$0]) <= 1e-6 * terms) }
                #expect(far == nil, "element \(far!) is \(values[far!]), not \(scalar[far!]), \(context)")
                // The room between two streams' rows.
                if s + 1 < product.streams {
                    #expect(values[row.upperBound ..< (s + 1) * product.ldy].allSatisfy { $0 == -7 }, "\(context)")
                }
            }
        }
    }
}
