import Foundation

/// Random numbers that a printed seed brings back (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A generator with a seed of its own, which is printed so that a failure can be seen again; `SKIPD_TEST_SEED` sets it.
    static func forTest(_ name: String = #function) -> SplitMix {
        let given = ProcessInfo.processInfo.environment["SKIPD_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0...999_999)
        print("\(name): SKIPD_TEST_SEED=\(seed)")
        return SplitMix(seed: seed)
    }
}
