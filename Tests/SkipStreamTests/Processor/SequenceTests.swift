import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("Sequences, gaps and stale timesteps")
struct SequenceTests {
    @Test("timesteps omitted before the next update change no byte of any result")
    func omitted() {
        var whole = Station { ($0.emit, $0.probabilities) = (.update, true) }
        var omitting = Station { ($0.emit, $0.probabilities) = (.update, true) }
        var (a, b): ([String], [String]) = ([], [])
        for seq: UInt64 in 0..<40 {
            a += whole.send(seq).map(\.description)
            // The times of results are those of arrivals here: both stations must have the same ones.
            omitting.arrival = whole.arrival - 1_000_000_000
            if seq % 4 == 0 { b += omitting.send(seq).map(\.description) }
        }
        #expect(a == b)
        #expect(a.count == 10)
        #expect(omitting.processor.counters.omitted == 27 && omitting.processor.counters.lost == 0)
    }

    @Test("a gap that ends at the due timestep or before it loses nothing; one that ends behind it loses all from it on", arguments: [
        (3, [], [], 2, 0), (4, ["4"], ["4"], 3, 0), (5, ["lost 4–5", "5"], ["lost 4–5", "reset", "5"], 3, 1), (9, ["lost 4–9", "9"], ["lost 4–9", "reset", "9"], 3, 5),
    ] as [(UInt64, [String], [String], UInt64, UInt64)])
    func gapBoundary(next: UInt64, held: [String], restarted: [String], omitted: UInt64, lost: UInt64) {
        for (rule, expected) in [(GapRule.hold, held), (.reset, restarted)] {
            var station = Station { $0.gap = rule }
            #expect(station.send(0).short == ["0"])
            let published = station.send(next)
            #expect(published.short == expected, "\(rule)")
            #expect(station.processor.counters.omitted == omitted && station.processor.counters.lost == lost)
            if let result = published.last, lost > 0 { #expect(result.updates == (rule == .hold ? 2 : 1)) }
        }
    }

    @Test("the update that fell due in a gap happens at the first timestep received, and the next is counted from there")
    func updateAfterGap() {
        var station = Station()
        station.send(0)
        #expect(station.send(6).short == ["lost 4–6", "6"])
        #expect(station.send(7, count: 5).short == ["10"])
    }

    @Test("gaps of 2⁵³ timesteps, again and again, end nothing: the count stops, and the next sample is read")
    func hugeGaps() {
        var station = Station()
        for boot: UInt32 in 1...3_000 {
            station.send(0, count: 0, boot: boot)
            station.send(1 << 53, count: 0, boot: boot)
        }
        #expect(station.processor.counters.lost == Counters.mostMissing && station.processor.counters.omitted == 0)
        #expect(station.send(0, boot: 4_000).short == ["reset", "0"])
    }

    @Test("a gap past several sequence ends publishes one final, that of the sequence that was open")
    func gapPastEnds() {
        var station = Station { $0.sequence = 10 }
        station.send(0, count: 6)
        let published = station.send(35)
        #expect(published.short == ["9!", "lost 8–35", "35"])
        #expect(published[0].timesteps == 10 && published[0].updates == 2)
        // The sequences go on in steps of ten from the first one's start.
        #expect(published[2].timesteps == 6 && published[2].updates == 1)
        #expect(station.send(36, count: 4).short == ["39!"])
    }

    @Test("a gap that ends with the sequence publishes its final, and the next sequence begins")
    func gapToEnd() {
        var station = Station { $0.sequence = 10 }
        station.send(0, count: 9)
        #expect(station.send(10).short == ["9!", "10"])
        #expect(station.processor.counters.lost == 0 && station.processor.counters.omitted == 1)
    }

    @Test("a sequence restarted by a gap counts from the first timestep received")
    func gapResets() {
        var station = Station { ($0.sequence, $0.gap) = (10, .reset) }
        station.send(0, count: 6)
        let published = station.send(25)
        #expect(published.short == ["9!", "lost 8–25", "reset", "25"])
        #expect(published[3].timesteps == 1)
        #expect(station.send(26, count: 9).short == ["29", "33", "34!"])
    }

    @Test("emit = N publishes every N timesteps, updated or not, in a gap only the last one")
    func everyN() {
        var station = Station { $0.emit = .every(3) }
        #expect(station.send(0, count: 7).short == ["2", "5"])
        #expect(station.send(20).short == ["17", "lost 8–20", "20"])
        #expect(station.send(21, count: 3).short == ["23"])
    }

    @Test("emit = N and the sequence's end at the same timestep give one result", arguments: [1, 2, 4, 12])
    func everyNAtEnd(every: UInt64) {
        var station = Station { ($0.emit, $0.sequence) = (.every(every), 12) }
        let published = station.send(0, count: 12)
        #expect(published.short == stride(from: Int(every), to: 12, by: Int(every)).map { "\($0 - 1)" } + ["11!"])
        // The same where the end lies in a gap: the last regular result before it, then the final.
        var gapped = Station { ($0.emit, $0.sequence) = (.every(every), 12) }
        gapped.send(0)
        let last = (12 / Int(every) - 1) * Int(every)
        #expect(gapped.send(12).filter { $0.kind == "result" && ($0.seq ?? 0) < 12 }.short == (last > 1 ? ["\(last - 1)"] : []) + ["11!"])
    }

    @Test("end closes the sequence: on an update, on a skipped timestep, and alone")
    func end() {
        var station = Station()
        #expect(station.send(0, end: true).short == ["0!"])
        #expect(station.send(1, count: 3, end: true).short == ["1", "3!"])
        station.send(4, count: 2)
        #expect(station.send(6, count: 0, end: true).short == ["5!"])
        // Nothing is open any more.
        #expect(station.send(6, count: 0, end: true).isEmpty)
        let first = station.send(6)
        #expect(first.short == ["6"] && first[0].timesteps == 1)
        // From afar: the time has come to 9, and the sequence ends there.
        #expect(station.send(9, count: 0, end: true).short == ["8!"])
    }

    @Test("end on the last timestep of a sequence that ends by itself gives one final")
    func endAtEnd() {
        var station = Station { $0.sequence = 6 }
        #expect(station.send(0, count: 6, end: true).short == ["0", "4", "5!"])
        #expect(station.send(6, count: 0, end: true).isEmpty)
    }

    @Test("no timesteps with a seq: the time has come there")
    func timeHasCome() {
        var station = Station { $0.sequence = 10 }
        station.send(0, count: 2)
        #expect(station.send(8, count: 0).short == ["lost 4–8"])
        #expect(station.processor.counters.omitted == 2 && station.processor.counters.lost == 4)
        #expect(station.send(10, count: 0).short.contains("9!"))
        #expect(station.status?.next == 10)
    }

    @Test("start begins a sequence at its timestep, without a final of the old one")
    func start() {
        var station = Station()
        station.send(0, count: 6)
        let published = station.send(6, start: true)
        #expect(published.short == ["6"] && published[0].timesteps == 1 && published[0].updates == 1)
        #expect(station.send(7, count: 0, start: true).isEmpty)
        #expect(station.send(7).short == ["7"])
    }

    @Test("a message that is stale as a whole has no effect, its flags too")
    func stale() {
        var station = Station()
        station.send(0, count: 6, boot: 3)
        let before = station.status
        var expected: UInt64 = 0
        for (seq, count) in [(0, 6), (5, 1), (2, 3), (3, 0)] as [(UInt64, Int)] {
            #expect(station.send(seq, count: count, boot: 3, start: true, end: true).isEmpty)
            expected += UInt64(count)
            #expect(station.processor.counters.stale == expected)
            #expect(station.status == before)
        }
    }

    @Test("of a message that is stale in part the timesteps not yet seen are taken, its end too, its start not")
    func partlyStale() {
        var station = Station()
        station.send(0, count: 6, boot: 1)
        let published = station.send(4, count: 6, boot: 1, start: true, end: true)
        #expect(published.short == ["8", "9!"])
        #expect(published[1].timesteps == 10)
        #expect(station.processor.counters.stale == 2)
    }

    @Test("another boot number begins anew wherever its seq lies; nothing counts as lost")
    func boot() {
        var station = Station()
        station.send(100, count: 6, boot: 1)
        #expect(station.send(3, boot: 2).short == ["reset", "3"])
        #expect(station.send(900, boot: 3).short == ["reset", "900"])
        // No boot number is none that differs; but with seq = 0 the device began again.
        #expect(station.send(901).isEmpty)
        #expect(station.send(0).short == ["reset", "0"])
        #expect(station.send(1, boot: 3).isEmpty)
        #expect(station.processor.counters.lost == 0 && station.processor.counters.stale == 0)
    }

    @Test("messages without a seq follow the last timesteps received")
    func withoutSeq() {
        var station = Station()
        #expect(station.send(nil, count: 3).short == ["0"])
        #expect(station.send(nil, count: 3).short == ["4"])
        #expect(station.send(7, count: 2).short == ["8"])
        #expect(station.send(nil, count: 4).short == ["12"])
    }

    @Test("timesteps go up to 2⁵³ and not past it")
    func lastTimestep() {
        let last: UInt64 = 1 << 53
        var station = Station()
        #expect(station.send(last - 2, count: 2, boot: 1).short == ["\(last - 2)"])
        #expect(station.status?.next == last)
        // A header past it is malformed; timesteps without a seq have no place any more.
        #expect(station.send(last, count: 1, boot: 1).isEmpty && station.send(last - 1, count: 2, boot: 1).isEmpty)
        #expect(station.processor.counters[.malformed] == 2)
        #expect(station.send(nil, count: 2, boot: 1).isEmpty)
        #expect(station.processor.counters.stale == 2)
        #expect(station.send(last, count: 0, boot: 1, end: true).short == ["\(last - 1)!"])
        #expect(station.send(5, boot: 2).short == ["reset", "5"])
    }

    @Test("a value that is not finite is passed over where it is skipped, rejected where an update is due, which stays due")
    func notFinite() {
        var station = Station()
        station.send(0)
        #expect(station.send(1, count: 3, value: .nan).isEmpty)
        #expect(station.send(4, value: .infinity).short == ["rejected"])
        #expect(station.send(5, value: .nan).short == ["rejected"])
        let published = station.send(6)
        #expect(published.short == ["6"] && published[0].updates == 2)
        #expect(station.processor.counters.rejected == 2 && station.processor.counters.skipped == 3)
    }

    @Test("a value so large that the state would not be finite is rejected: the state stays, and so does the due update", arguments: Architecture.Cell.allCases)
    func tooLarge(cell: Architecture.Cell) {
        var rejected: UInt64 = 0
        for seed: UInt64 in 0..<20 {
            var generator = SplitMix(seed: seed)
            let model = TestModels.make(&generator, cell: cell, layers: [4, 3], features: 2)
            var station = Station(model)
            station.send(0, value: 0.5)
            for seq: UInt64 in 1..<40 { station.send(seq, value: Double(generator.pick([Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude]))) }
            for seq: UInt64 in 40..<60 { station.send(seq) }
            let status = station.status
            #expect(status?.probability?.isFinite == true, "seed \(seed): \(String(describing: status))")
            #expect(status?.gate.updateProbabilityIncrement.isFinite == true)
            rejected += station.processor.counters.rejected
            // Offline it is the same.
            var inference = Inference(model)
            #expect(inference.step([0.5, 0.5]) == .updated)
            // What is taken leaves the state finite, however large.
            while inference.step([1e17, -1e17]) != .updated {}
            #expect(inference.hiddenState.allSatisfy { $0.isFinite })
            let before = inference.hiddenState
            if inference.step([.greatestFiniteMagnitude, .greatestFiniteMagnitude]) == .rejected { #expect(inference.hiddenState == before) }
            #expect(inference.hiddenState.allSatisfy { $0.isFinite })
        }
        #expect(rejected > 0)
    }

    @Test("an empty sequence has no final")
    func emptySequence() {
        var station = Station { $0.sequence = 3 }
        #expect(station.send(0, count: 3, value: .nan).short == ["rejected"])
        #expect(station.send(3, count: 0, end: true).isEmpty)
    }

    @Test("values near Float32's end end nothing: what is published stays JSON")
    func hugeValues() {
        for cell in Architecture.Cell.allCases {
            var generator = SplitMix(seed: 1)
            var station = Station(TestModels.make(&generator, cell: cell, layers: [3, 3], features: 2)) { $0.probabilities = true }
            for seq: UInt64 in 0..<20 {
                for line in station.send(seq, value: seq % 2 == 0 ? Double(Float.greatestFiniteMagnitude) : -3e38) { #expect(line.fields["stream"] as? String == "a", "\(line)") }
            }
        }
    }
}
