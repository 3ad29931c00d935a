import CSkipKernels
import Glibc
import Testing

@Suite("Sigmoid and tanh")
struct ActivationTests {
    /// Every 2,003rd of the floats from −∞ to ∞, in ranges of 16 for a kernel to work on.
    private static func sweep(_ body: (inout [Float]) -> Void) {
        let infinity = Float.infinity.bitPattern
        var values = [Float](repeating: 0, count: 4096)
        for sign in [UInt32(0), 0x8000_0000] {
            var pattern: UInt32 = 0
            while pattern < infinity {
                for i in values.indices {
                    values[i] = Float(bitPattern: min(pattern, infinity) | sign)
                    pattern += 2_003
                }
                body(&values)
            }
        }
    }

    /// The largest absolute error, and the largest relative one where the truth is a normal number.
    private static func errors(
        _ function: (UnsafeMutablePointer<Float>, Int) -> Void, truth: (Double) -> Double
    ) -> (absolute: Double, relative: Double) {
        var (absolute, relative) = (0.0, 0.0)
        sweep { values in
            let arguments = values
            function(&values, values.count)
            for (x, y) in zip(arguments, values) {
                let exact = truth(Double(x))
                let error = abs(Double(y) - exact)
                // The comparisons are this way round so that a NaN counts as an error.
                if !(error <= absolute) { absolute = error }
                if exact.magnitude >= Double(Float.leastNormalMagnitude), !(error <= relative * exact.magnitude) {
                    relative = error / exact.magnitude
                }
            }
        }
        return (absolute, relative)
    }

    @Test("the sigmoid's error is at most 2e-7, absolute and relative", arguments: Variant.all)
    func sigmoidError(variant: Variant) {
        let worst = Self.errors({ variant.kernels.sigmoid($0, $1) }) { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) }
        #expect(worst.absolute <= 2e-7)
        #expect(worst.relative <= 2e-7)
    }

    @Test("the tanh's error is at most 2e-7, absolute and relative", arguments: Variant.all)
    func tanhError(variant: Variant) {
        let worst = Self.errors({ variant.kernels.tanh($0, $1) }, truth: { Glibc.tanh($0) })
        #expect(worst.absolute <= 2e-7)
        #expect(worst.relative <= 2e-7)
    }

    @Test("the ends, zero and NaN come out exactly", arguments: Variant.all)
    func exactValues(variant: Variant) {
        let arguments: [Float] = [
            0, -0.0, .infinity, -.infinity, .nan, -.nan, 1000, -1000, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 20, -20, 105, -105,
        ]
        var sigmoid = arguments
        variant.kernels.sigmoid(&sigmoid, 16)
        #expect(sigmoid.map { $0.isNaN ? -1 : $0 } == [0.5, 0.5, 1, 0, -1, -1, 1, 0, 1, 0, 0.5, 0.5, 1, sigmoid[13], 1, 0])
        var tanh = arguments
        variant.kernels.tanh(&tanh, 16)
        #expect(tanh.map { $0.isNaN ? -2 : $0 } == [
            0, 0, 1, -1, -2, -2, 1, -1, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1, -1, 1, -1,
        ])
        #expect(tanh[0].sign == .plus && tanh[1].sign == .minus)
    }

    @Test("tanh is odd to the last bit, and neither function leaves its range", arguments: Variant.all)
    func symmetry(variant: Variant) {
        Self.sweep { values in
            var (sigmoid, tanh, opposite) = (values, values, values.map { -$0 })
            variant.kernels.sigmoid(&sigmoid, sigmoid.count)
            variant.kernels.tanh(&tanh, tanh.count)
            variant.kernels.tanh(&opposite, opposite.count)
            #expect(zip(tanh, opposite).allSatisfy { $0.bitPattern == (-$1).bitPattern })
            #expect(tanh.allSatisfy { abs($0) <= 1 })
            #expect(sigmoid.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("a function writes 16 · k values and reads no further", arguments: Variant.all)
    func bounds(variant: Variant) {
        for count in stride(from: 0, through: 64, by: 16) {
            let values = GuardedFloats([Float](repeating: 0, count: count))
            variant.kernels.sigmoid(values.pointer, count)
            #expect(values.values == [Float](repeating: 0.5, count: count))
            #expect(values.isIntact)
            variant.kernels.tanh(values.pointer, count)
            #expect(values.values.allSatisfy { abs($0 - 0.46211716) < 1e-7 })
            #expect(values.isIntact)
        }
    }
}
