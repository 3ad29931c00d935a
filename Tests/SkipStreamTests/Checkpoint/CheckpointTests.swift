import SkipStream
import Testing
import TestSupport

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("a processor restored from a checkpoint goes on byte for byte", arguments: 0..<24 as Range<UInt64>)
    func continuesByteForByte(seed: UInt64) {
        var traffic = RandomTraffic(seed: seed)
        var chance = SplitMix(seed: seed ^ 0xC0FFEE)
        let sink = RecordingSink()
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        processor.install(traffic.routes)
        // Before the checkpoint streams come and go.
        processor.limits.maximumStreams = chance.pick([1_000, 3, 8])
        processor.limits.idleTimeout = UInt32(chance.pick([0, 1]))
        var store = MemoryStore()
        var isUnderWay = false
        for _ in 0..<chance.number(0...40) {
            feed(&processor, &traffic)
            // A checkpoint goes on between blocks; some fail, and what they took is part of the next.
            if !isUnderWay, chance.once(in: 3) {
                processor.beginCheckpoint()
                isUnderWay = true
            }
            if isUnderWay {
                var slice = CheckpointSlice()
                let isMore = processor.takeChanges(limit: chance.number(1...12), into: &slice)
                let fails = chance.once(in: 12)
                if !fails { store.apply(slice) }
                if fails || !isMore {
                    processor.endCheckpoint(isStored: !fails)
                    isUnderWay = false
                }
            }
        }
        if isUnderWay { processor.endCheckpoint(isStored: false) }
        store.take(from: &processor, sliceLimit: chance.number(1...9))
        #expect(processor.changedCount == 0)

        let restoredSink = RecordingSink()
        var restored = StreamProcessor(sink: restoredSink)
        restored.noteChanges()
        restored.install(traffic.routes)
        for (slot, outcome) in store.restore(into: &restored, at: traffic.arrival) {
            guard case .continued = outcome else {
                if store.records[slot] != nil { Issue.record("slot \(slot), seed \(seed): \(outcome)") }
                continue
            }
        }
        #expect(restored.streamCount == processor.streamCount, "seed \(seed)")
        #expect(restored.changedCount == 0, "seed \(seed)")
        for sideways in [0, 1] {
            (processor.limits.maximumStreams, processor.limits.idleTimeout) = (1_000, 0)
            (restored.limits.maximumStreams, restored.limits.idleTimeout) = (1_000, 0)
            _ = (sink.take(), restoredSink.take())
            let before = (processor.counters.updated, restored.counters.updated)
            for round in 0..<15 {
                var same = traffic
                feed(&processor, &traffic)
                feed(&restored, &same)
                let (actual, expected) = (results(restoredSink.take()), results(sink.take()))
                guard actual == expected else {
                    Issue.record("seed \(seed), block \(round), pass \(sideways): \(actual.filter { expected[$0.key] != $0.value }.first.map { "\($0.value) instead of \(expected[$0.key] ?? [])" } ?? "missing")")
                    return
                }
            }
            #expect(restored.counters.updated - before.1 == processor.counters.updated - before.0, "seed \(seed)")
            // And the restored one's own checkpoint says the same as the first one's.
            store.take(from: &restored)
        }
    }

    private func feed(_ processor: inout StreamProcessor, _ traffic: inout RandomTraffic) {
        traffic.arrival += Int64(traffic.generator.number(0...900_000_000))
        let messages = (0..<traffic.generator.number(1...StreamProcessor.blockSize)).map { _ in traffic.message() }
        processor.process(block: messages.map(\.frames), arrival: traffic.arrival)
    }

    /// Events are limited to one a second, which a restart forgets, and hints are given again: only results must be equal.
    private func results(_ lines: [String]) -> [Substring: [String]] { byTopic(lines.filter { kind(of: $0) == "result" }) }
}
