/// A glob over stream names: `*` matches within a path segment, `**` across segments, every other byte itself.
///
/// `plant1/*/vibration` matches `plant1/pump7/vibration`; `plant1/**` everything below `plant1/`.
public struct StreamPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    private let tokens: [Token]

    private enum Token: Sendable, Hashable { case byte(UInt8), withinSegment, acrossSegments }

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
        // reachable[i]: the first i tokens match the bytes so far.
        var reachable = [Bool](repeating: false, count: tokens.count + 1)
        reachable[0] = true
        skipWildcards(&reachable)
        for byte in name {
            var next = [Bool](repeating: false, count: tokens.count + 1)
            for (index, token) in tokens.enumerated() where reachable[index] {
                switch token {
                case .byte(let expected): if byte == expected { next[index + 1] = true }
                case .withinSegment: if byte != UInt8(ascii: "/") { next[index] = true }
                case .acrossSegments: next[index] = true
                }
            }
            reachable = next
            skipWildcards(&reachable)
        }
        return reachable[tokens.count]
    }

    /// A wildcard also matches nothing.
    private func skipWildcards(_ reachable: inout [Bool]) {
        for (index, token) in tokens.enumerated() where reachable[index] && (token == .withinSegment || token == .acrossSegments) {
            reachable[index + 1] = true
        }
    }
}
