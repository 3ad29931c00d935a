import CSkipTraining
import TestSupport
import Testing

@Suite("Weight gradients' products, to += aᵀ b")
struct TransposedProductTests {
    @Test(
        "every element is the sum over the rows, whatever the number of columns and rows, and nothing beside the matrix is touched",
        arguments: [(1, 1), (5, 2), (64, 6), (512, 16), (513, 17), (700, 23), (1100, 112)])
    func sums(rows: Int, n: Int) {
        var random = SplitMix(seed: UInt64(rows * 1000 + n))
        func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &random) } }
        let (m, lda, ldb, ldto) = (32, 35, n + 1, n + 2)
        let (a, b, before) = (values(rows * lda), values(rows * ldb), values(m * ldto))
        var to = before
        skip_training_kernels_best().pointee.transposed_product(a, lda, b, ldb, rows, m, n, &to, ldto)
        for i in 0..<m {
            for j in 0..<ldto {
                guard j < n else {
                    #expect(to[i * ldto + j] == before[i * ldto + j])
                    continue
                }
                var (sum, size) = (Double(before[i * ldto + j]), 1.0)
                for r in 0..<rows {
                    sum += Double(a[r * lda + i]) * Double(b[r * ldb + j])
                    size += abs(Double(a[r * lda + i]) * Double(b[r * ldb + j]))
                }
                #expect(abs(Double(to[i * ldto + j]) - sum) < 1e-6 * size, "rows \(rows), n \(n), element \(i), \(j)")
            }
        }
    }
}
