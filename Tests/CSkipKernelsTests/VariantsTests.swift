import CSkipKernels
import Testing

@Suite("The choice of a variant")
struct VariantsTests {
    @Test("the variants come slowest first and end where the index passes the last")
    func order() {
        let names = Variant.all.map(\.name)
        let known = ["scalar", "sse2", "neon", "avx2", "avx512"]
        #expect(names == known.filter(names.contains))
        #expect(names.first == "scalar")
        #expect(skip_kernels_at(names.count) == nil)
        #expect(skip_kernels_at(Int.max) == nil)
        #if arch(x86_64)
        #expect(names.contains("sse2"))
        #elseif arch(arm64)
        #expect(names.contains("neon"))
        #endif
    }

    @Test("the best variant is the last of them, and the same pointer each time")
    func best() {
        #expect(skip_kernels_best() == skip_kernels_at(Variant.all.count - 1))
        #expect(skip_kernels_best() == skip_kernels_best())
    }
}
