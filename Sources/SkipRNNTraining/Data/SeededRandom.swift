import Glibc

/// Random numbers that are a function of a seed and a place (epoch, step, sequence, …): nothing needs to be remembered
/// to continue an interrupted training.
///
/// SplitMix64 (Steele, Lea & Flood 2014).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameters:
    ///   - seed: the training's.
    ///   - place: what the numbers are for; different places have unrelated numbers.
    public init(_ seed: UInt64, _ place: Int...) {
        state = seed
        for part in place {
            _ = next()
            state ^= UInt64(bitPattern: Int64(part)) &* 0xD6E8_FEB8_6659_FD93
            state = next()
        }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1), 53 bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform between two bounds.
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// A whole number in 0 ..< bound.
    public mutating func integer(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    /// Normal, mean 0 and standard deviation 1 (Box & Muller 1958).
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// About normal, mean 0 and standard deviation 1, within ±2√3: the sum of four uniform numbers of 16 bits. Noise needs no tails,
    /// and takes no logarithm and no cosine this way.
    @inline(__always)
    public mutating func noise() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
        return (Float(sum) * 0x1p-16 - 2 + 0x1p-15) * 1.7320508
    }

    /// Puts values in a random order (Fisher & Yates).
    public mutating func shuffle(_ values: inout [Int]) {
        for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, integer(i + 1)) }
    }
}
