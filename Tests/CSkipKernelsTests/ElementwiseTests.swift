import CSkipKernels
import Testing
import TestSupport

@Suite("Element by element")
struct ElementwiseTests {
    /// A function of the table, with arguments enough for each; `outputs` of them are written.
    struct Operation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let inputs: Int
        let outputs: Int
        /// Only whole blocks of rows are allowed.
        let wholeBlocks: Bool
        /// Inputs, then outputs, which may also be read.
        let run: @Sendable (skip_kernels, [UnsafeMutablePointer<Float>], Int) -> Void

        static let all = [
            Operation(testDescription: "multiply", inputs: 2, outputs: 1, wholeBlocks: false) { $0.multiply($1[0], $1[1], $1[2], $2) },
            Operation(testDescription: "multiply in place", inputs: 1, outputs: 1, wholeBlocks: false) { $0.multiply($1[1], $1[0], $1[1], $2) },
            Operation(testDescription: "multiply_add", inputs: 3, outputs: 1, wholeBlocks: true) { $0.multiply_add($1[0], $1[1], $1[2], $1[3], $2) },
            Operation(testDescription: "gru_blend", inputs: 2, outputs: 1, wholeBlocks: false) { $0.gru_blend($1[0], $1[1], $1[2], $2) },
            Operation(testDescription: "lstm_blend", inputs: 4, outputs: 2, wholeBlocks: false) {
                $0.lstm_blend($1[0], $1[1], $1[2], $1[3], $1[4], $1[5], $2)
            },
        ]

        /// The outputs, one after the other, for arguments of n elements each.
        func results(_ variant: Variant, _ arguments: [[Float]]) -> (values: [Float], intact: Bool) {
            let guarded = arguments.map(GuardedFloats.init)
            run(variant.kernels, guarded.map(\.pointer), arguments[0].count)
            for (before, after) in zip(arguments, guarded).prefix(inputs) { precondition(before == after.values, "an input was written") }
            return (guarded.suffix(outputs).flatMap(\.values), guarded.allSatisfy(\.isIntact))
        }
    }

    @Test("every length stays within its bounds and near the scalar results", arguments: Variant.all, Operation.all)
    func lengths(variant: Variant, operation: Operation) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        for n in 0...130 where !operation.wholeBlocks || n % Int(SKIP_ROWS) == 0 {
            let arguments = (0..<operation.inputs + operation.outputs).map { _ in generator.floats(n, in: 0...1) }
            let (values, intact) = operation.results(variant, arguments)
            let scalar = operation.results(.scalar, arguments).values
            #expect(intact, "n \(n), seed \(seed)")
            for (value, expected) in zip(values, scalar) {
                #expect(abs(value - expected) <= 1e-6 * abs(expected), "n \(n), seed \(seed)")
            }
        }
    }

    @Test("an element comes out the same to the last bit wherever it stands", arguments: Variant.all, Operation.all)
    func positions(variant: Variant, operation: Operation) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        let most = operation.wholeBlocks ? 48 : 41
        let arguments = (0..<operation.inputs + operation.outputs).map { _ in generator.floats(most) }
        let whole = operation.results(variant, arguments).values
        for first in 0..<most {
            let step = operation.wholeBlocks ? Int(SKIP_ROWS) : 1
            for n in stride(from: step, through: most - first, by: step) {
                let part = operation.results(variant, arguments.map { Array($0[first..<first + n]) }).values
                for output in 0..<operation.outputs {
                    let expected = whole[output * most + first ..< output * most + first + n]
                    #expect(zip(part[output * n ..< (output + 1) * n], expected).allSatisfy { $0.bitPattern == $1.bitPattern },
                            "\(n) elements from \(first), seed \(seed)")
                }
            }
        }
    }

    @Test("a dot product of any length reads nothing past it, repeats, and is near the scalar one", arguments: Variant.all)
    func dot(variant: Variant) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        for n in 0...200 {
            let (a, b) = (generator.floats(n), generator.floats(n))
            let (left, right) = (GuardedFloats(a), GuardedFloats(b))
            let result = variant.kernels.dot(left.pointer, right.pointer, n)
            let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let terms = zip(a, b).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
            #expect(abs(Double(result) - exact) <= 1e-6 * terms, "n \(n), seed \(seed)")
            // From elsewhere in memory, and so at another alignment.
            #expect(variant.kernels.dot([9] + a, [9] + b, 0) == 0)
            let moved = ([9] + a).withUnsafeBufferPointer { x in
                ([9, 9, 9] + b).withUnsafeBufferPointer { y in variant.kernels.dot(x.baseAddress! + 1, y.baseAddress! + 3, n) }
            }
            #expect(moved.bitPattern == result.bitPattern, "n \(n), seed \(seed)")
        }
    }
}
