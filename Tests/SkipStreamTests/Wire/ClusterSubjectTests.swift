import SkipStream
import Testing

/// Streams' subjects and shards in a cluster: the vectors of docs/cluster.md, which other languages' tests share.
@Suite struct ClusterSubjectTests {
    static let vectors: [(name: String, shard: Int, tokens: String)] = [
        ("watch/7", 438, "watch.7"),
        ("watch", 552, "watch"),
        ("plant1/pump7/vibration", 980, "plant1.pump7.vibration"),
        ("a.b", 268, "a%2Eb"),
        ("a b", 498, "a%20b"),
        ("a//b", 960, "a.%.b"),
        ("/a", 45, "%.a"),
        ("a/", 953, "a.%"),
        ("/", 862, "%.%"),
        ("100%", 827, "100%25"),
        ("*", 829, "%2A"),
        (">", 545, "%3E"),
        ("ü/ö", 358, "ü.ö"),
        ("%", 928, "%25"),
    ]

    @Test("a name has its shard and its tokens, and the tokens lead back to it", arguments: vectors)
    func vector(_ vector: (name: String, shard: Int, tokens: String)) {
        #expect(shard(of: vector.name.utf8) == vector.shard)
        #expect(ClusterSubject.tokens(vector.name.utf8) == vector.tokens)
        #expect(ClusterSubject.name(vector.tokens[...]) == Array(vector.name.utf8))
        #expect(ClusterSubject.samples(vector.name.utf8) == "samples.\(vector.shard).\(vector.tokens)")
    }

    @Test("tokens that no name has are refused", arguments: ["", "a..b", "a%2eb", "a%2", "%41", ".a", "a."])
    func strangers(_ tokens: String) { #expect(ClusterSubject.name(tokens[...]) == nil) }

    @Test("every byte survives the way there and back")
    func bytes() {
        for byte in UInt8(1)...127 {
            let name: [UInt8] = [byte, UInt8(ascii: "/"), byte, byte]
            #expect(ClusterSubject.name(ClusterSubject.tokens(name)[...]) == name)
        }
    }
}
