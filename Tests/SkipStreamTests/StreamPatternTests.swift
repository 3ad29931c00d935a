import SkipStream
import Testing

@Suite("Stream patterns")
struct StreamPatternTests {
    @Test("a star matches within a segment, two across segments", arguments: [
        ("watch/*", "watch/7", true), ("watch/*", "watch/7/x", false), ("watch/*", "watch/", true), ("watch/*", "watc", false),
        ("watch/**", "watch/7/x", true), ("**", "anything/at/all", true), ("*", "a/b", false), ("a*c", "abbc", true), ("a*c", "abb", false),
        ("plant1/*/vibration", "plant1/pump7/vibration", true), ("plant1/*/vibration", "plant1/a/b/vibration", false),
        ("plant1/**/vibration", "plant1/a/b/vibration", true), ("", "", true), ("", "a", false), ("a?c", "abc", false), ("***", "a/b", true),
    ])
    func matches(pattern: String, name: String, expected: Bool) {
        #expect(StreamPattern(pattern).matches(Array(name.utf8)) == expected)
    }

    @Test("a hostile pattern is matched in time proportional to its length and the name's")
    func hostile() {
        let pattern = StreamPattern(String(repeating: "*a", count: 100))
        #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "b"), count: 255)))
    }
}
