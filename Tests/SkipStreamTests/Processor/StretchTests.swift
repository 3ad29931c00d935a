import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("What bounds a stream's updates")
struct StretchTests {
    @Test("a stretch does nothing to cells without a gate: they read every timestep", arguments: [Architecture.Cell.gru, .lstm])
    func noGate(cell: Architecture.Cell) {
        var generator = SplitMix(seed: 3)
        let model = TestModels.make(&generator, cell: cell, features: 2)
        var station = Station(model) { ($0.stretch, $0.maxUpdates, $0.budget) = (50, UpdateBound(count: 1, timesteps: 10), .updatesPerSecond(0.1)) }
        for seq in 0..<20 { #expect(station.send(UInt64(seq)).short == ["\(seq)"]) }
        let isStream = station.processor.setStretch(9, ofStream: Array("a".utf8))
        let isRoute = station.processor.setStretch(7, ofRoute: "**")
        #expect(isStream && isRoute)
        for seq in 20..<40 { #expect(station.send(UInt64(seq)).short == ["\(seq)"]) }
    }

    @Test("a route's stretch is set while it runs, takes effect at the next update, and a reload takes it back")
    func route() {
        var station = Station { $0.hints = true }
        #expect(station.send(0, boot: 1).short == ["0", "→4"])
        let isSet = station.processor.setStretch(2, ofRoute: "**")
        #expect(isSet)
        // 0.065 a timestep: the eighth exceeds ½. What the hint said stays true.
        #expect(station.send(1, count: 4, boot: 1).short == ["4", "→12"])
        #expect(station.processor.routeStatuses.first?.stretch == 2 && station.processor.routeStatuses.first?.configuredStretch == 1)
        station.install { $0.hints = true }
        #expect(station.send(12, boot: 1).short == ["12", "→16"])
        let isElsewhere = station.processor.setStretch(2, ofRoute: "elsewhere")
        #expect(!isElsewhere)
    }

    @Test("a stream's own stretch goes before its route's, until it is taken back or the stream is gone")
    func stream() {
        var station = Station { $0.stretch = 2 }
        #expect(station.send(0).short == ["0"])
        let isSet = station.processor.setStretch(1, ofStream: Array("a".utf8))
        #expect(isSet)
        #expect(station.status?.stretch == 1 && station.status?.hasOwnStretch == true)
        #expect(station.send(1, count: 7).isEmpty)
        #expect(station.send(8, count: 5).short == ["8", "12"])
        #expect(station.send(0, count: 9, stream: "b").short == ["0", "8"])
        let isTakenBack = station.processor.setStretch(nil, ofStream: Array("a".utf8))
        #expect(isTakenBack)
        #expect(station.send(13, count: 12).short == ["16", "24"])
        let isUnknown = station.processor.setStretch(3, ofStream: Array("c".utf8))
        #expect(!isUnknown && station.processor.ownStretches == 0)
    }

    @Test("at most K of any L timesteps of a sequence are read, whatever the gate asks for", arguments: [(1, 5), (2, 9), (3, 20), (7, 7), (20, 90)], 0..<20)
    func bound(_ limit: (count: Int, timesteps: Int), seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let model = TestModels.make(&generator, features: 2, gateBias: generator.float(-2...1))
        var station = Station(model) { $0.maxUpdates = UpdateBound(count: limit.count, timesteps: UInt64(limit.timesteps)) }
        var (read, seq): ([Int], UInt64) = ([], 0)
        while seq < 400 {
            let count = generator.number(1...7)
            read += station.send(seq, count: count).compactMap(\.seq)
            seq += UInt64(count)
        }
        for (index, timestep) in read.enumerated() where index >= limit.count {
            #expect(timestep - read[index - limit.count] >= limit.timesteps, "seed \(seed)")
        }
    }

    @Test("the bound holds across a restart, bit for bit")
    func restart() {
        var generator = SplitMix(seed: 8)
        let model = TestModels.make(&generator, features: 2, gateBias: 0)
        func run(restartAt: UInt64?) -> [String] {
            var station = Station(model) { $0.maxUpdates = UpdateBound(count: 4, timesteps: 23) }
            if restartAt != nil { station.processor = Self.empty(station.sink, model) }
            var lines: [String] = []
            for seq in 0..<200 as Range<UInt64> {
                if seq == restartAt {
                    var store = MemoryStore()
                    store.take(from: &station.processor)
                    station.processor = Self.empty(station.sink, model)
                    store.restore(into: &station.processor, at: station.arrival)
                }
                lines += station.send(seq, boot: 1).map(\.description)
            }
            return lines
        }
        let whole = run(restartAt: nil)
        for seq in [1, 2, 5, 30, 77, 150] as [UInt64] { #expect(run(restartAt: seq) == whole) }
    }

    private static func empty(_ sink: RecordingSink, _ model: Model) -> StreamProcessor {
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        var route = Route(match: StreamPattern("**"), model: "m", emit: .update)
        route.maxUpdates = UpdateBound(count: 4, timesteps: 23)
        processor.install([BoundRoute(route, model)])
        return processor
    }

    @Test("a bound that a reload brings or changes never lets more through, and keeps the state")
    func reload() {
        var generator = SplitMix(seed: 5)
        let model = TestModels.make(&generator, features: 2, gateBias: 2)
        var station = Station(model)
        for seq in 0..<10 as Range<UInt64> { #expect(station.send(seq).count == 1) }
        station.install { $0.maxUpdates = UpdateBound(count: 3, timesteps: 12) }
        var read = (10..<100 as Range<UInt64>).flatMap { station.send($0) }
        // All but the last is assumed read just then, so the next but one waits for a window.
        #expect(read.prefix(3).map(\.seq) == [10, 21, 22] && read[1].updates == 12)
        station.install { $0.maxUpdates = UpdateBound(count: 2, timesteps: 12) }
        read = (100..<200 as Range<UInt64>).flatMap { station.send($0) }
        for (a, b) in zip(read, read.dropFirst(2)) { #expect((b.seq ?? 0) - (a.seq ?? 0) >= 12) }
        #expect(station.status?.updates == station.status.map { $0.results })
    }

    @Test("updates that max_skip set are counted, those that the gate asked for are not")
    func forced() {
        var station = Station { $0.maxSkip = 1 }
        station.send(0, count: 8)
        #expect(station.processor.counters.updated == 4 && station.processor.counters.forced == 4)
        station = Station { $0.maxSkip = 3 }
        station.send(0, count: 9)
        #expect(station.processor.counters.updated == 3 && station.processor.counters.forced == 0)
    }
}
