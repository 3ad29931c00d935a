import Foundation

/// Random numbers that a printed seed brings back (splitmix64: Steele, Lea, Flood 2014).
public struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A generator with a seed of its own, which is printed so that a failure can be seen again; `SKIPD_TEST_SEED` sets it.
    public static func forTest(_ name: String = #function) -> SplitMix {
        let given = ProcessInfo.processInfo.environment["SKIPD_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0...999_999)
        print("\(name): SKIPD_TEST_SEED=\(seed)")
        return SplitMix(seed: seed)
    }

    /// Seeds of a test with an argument, which names its seed where it fails: the one that `SKIPD_TEST_SEED` sets, else as many as
    /// `SKIPD_TEST_SEEDS` says.
    public static func seeds(_ count: UInt64) -> Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["SKIPD_TEST_SEED"].flatMap({ UInt64($0) }) { return seed..<seed + 1 }
        return 0..<(environment["SKIPD_TEST_SEEDS"].flatMap { UInt64($0) } ?? count)
    }

    /// True once in so many calls.
    public mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// One of some choices.
    public mutating func pick<Element>(_ choices: [Element]) -> Element { choices[Int.random(in: 0..<choices.count, using: &self)] }

    /// A number of the range.
    public mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// A number of the range, at a resolution of 2⁻²⁴ of it.
    public mutating func float(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) * 0x1p-24
    }
}
