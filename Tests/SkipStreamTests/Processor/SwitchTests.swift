import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("Another model under running streams")
struct SwitchTests {
    private static let old = TestModels.everyFourth
    private static let new = TestModels.everyFourth { $0.maxSkip = 1 }

    private func bound(_ model: Model, _ rule: SwitchRule, sequence: UInt64? = nil) -> BoundRoute {
        var route = Route(match: StreamPattern("**"), model: "m", emit: .update, sequence: sequence)
        route.switching = rule
        return BoundRoute(route, model)
    }

    @Test("by default each stream takes it when its next sequence begins, and no timestep is lost on the way")
    func sequence() {
        var station = Station { $0.sequence = 10 }
        station.send(0, count: 3)
        station.processor.install([bound(Self.new, .sequence, sequence: 10)])
        #expect(station.processor.streamsBehind == 1)
        #expect(station.send(3, count: 6).short == ["4", "8"])
        #expect(station.send(9, count: 6).short == ["9!", "10", "12", "14"])
        #expect(station.processor.streamsBehind == 0)
        let counters = station.processor.counters
        #expect(counters.updated + counters.skipped == 15 && counters.lost == 0 && counters.stale == 0)
    }

    @Test("a device that begins anew takes it at once, and so does the operator's reset")
    func begins() {
        var station = Station()
        station.send(0, count: 3, boot: 1)
        station.send(0, count: 3, boot: 1, stream: "b")
        station.processor.install([bound(Self.new, .sequence)])
        #expect(station.send(3, count: 3, boot: 1).short == ["4"])
        #expect(station.send(0, count: 3, boot: 2).short == ["reset", "0", "2"])
        let isReset = station.processor.reset(stream: Array("b".utf8))
        #expect(isReset)
        _ = station.sink.take()
        #expect(station.send(3, count: 3, boot: 1, stream: "b").short == ["3", "5"])
    }

    @Test("carried, a state goes on under weights trained on, from the next update: what a hint said stays true", arguments: 0..<20)
    func carry(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let old = TestModels.make(&generator, features: 2)
        let new = TestModels.sibling(of: old, &generator)
        var station = Station(old)
        station.send(0, count: 17)
        let due = station.status?.due
        station.processor.install([bound(new, .carry)])
        #expect(station.status?.due == due)

        // The same by hand: the state of 17 timesteps of the old one, updated by the new one where the next update is due.
        func sample(_ seq: UInt64) -> [Float] { (0..<2).map { .random(in: -1...1, seed: seq, $0) } }
        var reference = Inference(old)
        for seq in 0..<17 as Range<UInt64> { _ = reference.step(sample(seq)) }
        var seq: UInt64 = 17
        while !reference.gate.isUpdateDue {
            _ = reference.step(sample(seq))
            seq += 1
        }
        var state = reference.state
        let workspace = Workspace(for: new, streams: 1)
        for (index, value) in sample(seq).enumerated() { workspace.input(0)[index] = value }
        _ = new.normalize(workspace.input(0))
        var increment: Float = 0
        state.withUnsafeMutableBufferPointer { state in
            var address = state.baseAddress!
            new.update(&address, streams: 1, increments: &increment, workspace)
        }
        let results = station.send(17, count: Int(seq) - 16)
        #expect(results.map(\.seq) == [Int(seq)])
        #expect(station.status?.gate.updateProbabilityIncrement == increment, "seed \(seed)")
        #expect(station.status.map { $0.updates > 1 } == true && station.processor.counters.lost == 0)
    }

    @Test("carried to other shapes, a stream waits for its next sequence")
    func carryOtherShapes() {
        var generator = SplitMix(seed: 2)
        let larger = TestModels.make(&generator, layers: [9], features: 2)
        var station = Station { $0.sequence = 10 }
        station.send(0, count: 3)
        station.processor.install([bound(larger, .carry, sequence: 10)])
        #expect(station.send(3, count: 7).short == ["4", "8", "9!"])
        #expect(station.processor.streamsBehind == 1)
        station.send(10)
        #expect(station.processor.streamsBehind == 0)
    }

    @Test("of another number of features takes its streams at once: no message could be read by both")
    func features() {
        var station = Station()
        station.send(0, count: 3)
        station.processor.install([bound(TestModels.everyFourth(features: 3), .sequence)])
        let message = TestMessage(stream: "a", form: .oneFrame, timesteps: [[1, 2, 3]], seq: 3)
        #expect(station.send(message.frames).short == ["reset", "3"])
    }
}
