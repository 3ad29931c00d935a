import CSkipKernels
import Testing

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

/// SplitMix64, so that a failed property test can be run again with the seed it printed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}
