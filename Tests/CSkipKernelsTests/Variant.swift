import CSkipKernels
import Testing
import TestSupport

/// One of the kernels' variants that this machine can run, as the argument of a test.
struct Variant: Sendable, CustomTestStringConvertible {
    let index: Int

    var kernels: skip_kernels { skip_kernels_at(index)!.pointee }
    var name: String { String(cString: kernels.name) }
    var testDescription: String { name }

    /// Slowest first.
    static let all: [Variant] = (0...).lazy.map { Variant(index: $0) }.prefix { skip_kernels_at($0.index) != nil }.map { $0 }
    static let scalar = Variant(index: 0)
}

extension SplitMix {
    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}
