import Testing
import skipd
import TestSupport

@Suite struct SubscriptionSetTests {
    private func with<Value>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Value) -> Value { Array(text.utf8).withUnsafeBytes(body) }

    @Test("a topic is wanted as long as one of its prefixes is subscribed to, be it empty, the whole topic or in between")
    func prefixes() {
        for prefix in ["", "r", "result/", "result/watch/7"] {
            var set = SubscriptionSet()
            with(prefix) { set.insert($0) }
            with(prefix) { set.insert($0) }
            #expect(with("result/watch/7") { set.contains($0) })
            with(prefix) { set.remove($0) }
            #expect(with("result/watch/7") { set.contains($0) })
            with(prefix) { set.remove($0) }
            #expect(!with("result/watch/7") { set.contains($0) })
            #expect(set.count == 0)
        }
    }

    @Test("what is longer than a topic, or beside it, is not in it")
    func others() {
        var set = SubscriptionSet()
        for prefix in ["result/watch/70", "event/", "result/x", String(repeating: "r", count: 300)] { with(prefix) { set.insert($0) } }
        #expect(!with("result/watch/7") { set.contains($0) })
        #expect(!with("") { set.contains($0) })
        // The one that no topic is long enough for is not kept.
        #expect(set.count == 3)
        with("never there") { set.remove($0) }
        with(String(repeating: "r", count: 300)) { set.remove($0) }
        #expect(set.count == 3)
    }

    @Test("it answers as a plain list of subscriptions does")
    func model() {
        var generator = SplitMix.forTest()
        var set = SubscriptionSet()
        var list: [String] = []
        func word(_ length: Int) -> String { String((0..<length).map { _ in "ab/".randomElement(using: &generator) ?? "a" }) }
        for _ in 0..<5_000 {
            if Bool.random(using: &generator), let index = list.indices.randomElement(using: &generator) {
                with(list.remove(at: index)) { set.remove($0) }
            } else {
                let prefix = word(Int.random(in: 0...5, using: &generator))
                list.append(prefix)
                with(prefix) { set.insert($0) }
            }
            let topic = word(Int.random(in: 0...8, using: &generator))
            #expect(with(topic) { set.contains($0) } == list.contains { topic.hasPrefix($0) || $0.isEmpty })
            #expect(set.count == Set(list).count)
        }
    }
}
