/// A glob over stream names: `*` matches within a path segment, `**` across segments, every other byte itself.
///
/// `plant1/*/vibration` matches `plant1/pump7/vibration`; `plant1/**` everything below `plant1/`.
public struct StreamPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    private let tokens: [Token]

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
    }

    public var description: String { text }

    /// A Boolean value indicating whether the pattern matches a whole name.
    ///
    /// - Complexity: O(pattern · name): each state of the match is visited once, hostile patterns included.
    public func matches(_ name: some Collection<UInt8>) -> Bool {
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
