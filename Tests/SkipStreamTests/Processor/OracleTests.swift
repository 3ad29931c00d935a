import SkipRNN
import SkipStream
import Testing
import TestSupport

/// The processor against a simulator that follows the wire protocol's text one timestep at a time.
@Suite("Results are those of the wire protocol's text")
struct OracleTests {
    @Test("random traffic gives the oracle's lines and counts", arguments: 0..<120)
    func randomTraffic(seed: UInt64) { compare(RandomTraffic(seed: seed), "seed \(seed)", reloads: false) }

    @Test("so it does while routes change: unchanged ones keep everything, options change at the next update, models at the next message", arguments: 1000..<1120)
    func reloads(seed: UInt64) { compare(RandomTraffic(seed: seed), "seed \(seed)", reloads: true) }

    /// Feeds both, and compares lines and counts after each block. One message in twenty can't be used: it counts under its cause and changes nothing.
    private func compare(_ start: RandomTraffic, _ name: String, reloads: Bool) {
        var traffic = start
        let sink = RecordingSink()
        var processor = StreamProcessor(sink: sink)
        var oracle = Oracle()
        processor.install(traffic.routes)
        oracle.install(traffic.routes)
        for round in 0..<40 {
            if reloads, traffic.generator.once(in: 4) {
                traffic.reload()
                processor.install(traffic.routes)
                oracle.install(traffic.routes)
            }
            traffic.arrival += Int64(traffic.generator.number(0...900_000_000))
            var block: [[[UInt8]]] = []
            for _ in 0..<traffic.generator.number(1...StreamProcessor.blockSize) {
                if traffic.generator.once(in: 20) {
                    let (frames, cause) = traffic.unusable()
                    block.append(frames)
                    oracle.receiveUnusable(cause, frames)
                } else {
                    let message = traffic.message()
                    block.append(message.frames)
                    oracle.receive(message, arrival: traffic.arrival)
                }
            }
            processor.process(block: block, arrival: traffic.arrival)
            let place = "\(name), block \(round)"
            let (actual, expected) = (byTopic(sink.take()), byTopic(oracle.takeLines()))
            guard actual == expected else { return report(actual, expected, place) }
            expectEqual(processor.counters, oracle.output.counters, place)
            let counters = processor.counters
            guard counters.messages == oracle.output.counters.messages, UInt64(sink.drops.count) == DropCause.allCases.reduce(0, { $0 + counters[$1] }) else { return }
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
