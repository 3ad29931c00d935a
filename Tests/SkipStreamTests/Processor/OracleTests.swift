import SkipRNN
import SkipStream
import Testing

/// The processor against a simulator that follows the wire protocol's text one timestep at a time.
@Suite("Results are those of the wire protocol's text")
struct OracleTests {
    @Test("random traffic gives the oracle's lines and counts", arguments: 0..<150)
    func randomTraffic(seed: UInt64) {
        var traffic = RandomTraffic(seed: seed)
        let sink = RecordingSink()
        var processor = StreamProcessor(sink: sink)
        var oracle = Oracle()
        processor.install(traffic.routes)
        oracle.install(traffic.routes)
        for round in 0..<40 {
            traffic.arrival += Int64(traffic.generator.number(0...900_000_000))
            let messages = (0..<traffic.generator.number(1...StreamProcessor.blockSize)).map { _ in traffic.message() }
            processor.process(block: messages.map(\.frames), arrival: traffic.arrival)
            for message in messages { oracle.receive(message, arrival: traffic.arrival) }
            let (actual, expected) = (byTopic(sink.take()), byTopic(oracle.takeLines()))
            guard actual == expected else {
                report(actual, expected, "seed \(seed), block \(round)")
                return
            }
            expectEqual(processor.counters, oracle.output.counters, "seed \(seed), block \(round)")
        }
    }

    private func report(_ actual: [Substring: [String]], _ expected: [Substring: [String]], _ place: String) {
        for topic in Set(actual.keys).union(expected.keys) where actual[topic] != expected[topic] {
            let (a, b) = (actual[topic] ?? [], expected[topic] ?? [])
            let index = zip(a, b).prefix { $0 == $1 }.count
            Issue.record("\(place): line \(index) of \(a.count) is\n\(index < a.count ? a[index] : "missing"), of \(b.count) was expected\n\(index < b.count ? b[index] : "nothing")")
            return
        }
    }
}

/// Compares what became of messages and timesteps.
func expectEqual(_ actual: Counters, _ expected: Counters, _ place: String, sourceLocation: SourceLocation = #_sourceLocation) {
    func check(_ name: String, _ field: (Counters) -> UInt64) {
        #expect(field(actual) == field(expected), "\(name), \(place)", sourceLocation: sourceLocation)
    }
    check("messages", \.messages)
    check("updated", \.updated)
    check("skipped", \.skipped)
    check("omitted", \.omitted)
    check("lost", \.lost)
    check("stale", \.stale)
    check("rejected", \.rejected)
    check("results", \.results)
    for cause in DropCause.allCases { check(cause.rawValue) { $0[cause] } }
}
