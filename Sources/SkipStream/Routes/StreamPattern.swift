/// A glob over stream names: `*` matches within a path segment, `**` across segments, every other byte itself.
///
/// `plant1/*/vibration` matches `plant1/pump7/vibration`; `plant1/**` everything below `plant1/`.
public struct StreamPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    private let tokens: [Token]
    /// A bit for each of the first 64 tokens that is a wildcard.
    private let wildcards: UInt64

    private enum Token: Sendable, Hashable {
        case byte(UInt8), withinSegment, acrossSegments

        var isWildcard: Bool { self == .withinSegment || self == .acrossSegments }

        /// A Boolean value indicating whether the token is a wildcard that takes a byte.
        func passes(_ byte: UInt8) -> Bool { self == .acrossSegments || (self == .withinSegment && byte != UInt8(ascii: "/")) }
    }

    public init(_ text: String) {
        self.text = text
        var tokens: [Token] = []
        for byte in text.utf8 {
            switch (byte, tokens.last) {
            case (UInt8(ascii: "*"), .withinSegment): tokens[tokens.count - 1] = .acrossSegments
            case (UInt8(ascii: "*"), .acrossSegments): break
            case (UInt8(ascii: "*"), _): tokens.append(.withinSegment)
            default: tokens.append(.byte(byte))
            }
        }
        self.tokens = tokens
        wildcards = tokens.indices.prefix(64).reduce(0) { tokens[$1].isWildcard ? $0 | 1 << UInt64($1) : $0 }
    }

    public var description: String { text }

    /// A Boolean value indicating whether the pattern matches a whole name.
    ///
    /// - Complexity: O(pattern · name): each state of the match is visited once, hostile patterns included.
    public func matches(_ name: some Collection<UInt8>) -> Bool { tokens.count < 64 ? matchesInWord(name) : matchesInArray(name) }

    /// At a restart a million names are matched: a pattern of up to 63 tokens keeps its states in one word, and only those that are reached cost.
    private func matchesInWord(_ name: some Collection<UInt8>) -> Bool {
        // Bit i: the first i tokens match the bytes so far. Two wildcards never follow each other, so that one shift skips them.
        let end: UInt64 = 1 << UInt64(tokens.count)
        var reachable: UInt64 = 1 | (wildcards & 1) << 1
        for byte in name {
            var (next, rest): (UInt64, UInt64) = (0, reachable & ~end)
            while rest != 0 {
                let state = rest & (0 &- rest)
                rest ^= state
                let token = tokens[state.trailingZeroBitCount]
                if token == .byte(byte) { next |= state << 1 } else if token.passes(byte) { next |= state }
            }
            guard next != 0 else { return false }
            reachable = next | (next & wildcards) << 1
        }
        return reachable & end != 0
    }

    private func matchesInArray(_ name: some Collection<UInt8>) -> Bool {
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: tokens.count + 1) { reachable in
            // reachable[i]: the first i tokens match the bytes so far.
            reachable.initialize(repeating: false)
            reachable[0] = true
            skipWildcards(reachable)
            for byte in name {
                // From behind, so that each state is replaced when nothing asks for the old one any more.
                for index in reachable.indices.reversed() {
                    let stays = index < tokens.count && reachable[index] && tokens[index].passes(byte)
                    let comes = index > 0 && reachable[index - 1] && tokens[index - 1] == .byte(byte)
                    reachable[index] = stays || comes
                }
                skipWildcards(reachable)
            }
            return reachable[tokens.count]
        }
    }

    /// A wildcard also matches nothing.
    private func skipWildcards(_ reachable: UnsafeMutableBufferPointer<Bool>) {
        for index in tokens.indices where reachable[index] && tokens[index].isWildcard { reachable[index + 1] = true }
    }
}
