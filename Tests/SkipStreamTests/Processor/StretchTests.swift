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

    @Test("a stream's own stretch survives a restart, also one with other weights, and goes from the store when it is taken back")
    func stored() {
        func processor(_ model: Model, _ sink: RecordingSink) -> StreamProcessor {
            var processor = StreamProcessor(sink: sink)
            processor.noteChanges()
            processor.install([BoundRoute(Route(match: StreamPattern("**"), model: "m", emit: .update), model)])
            return processor
        }
        var generator = SplitMix(seed: 6)
        let model = TestModels.everyFourth
        var store = MemoryStore()
        var station = Station()
        station.processor = processor(model, station.sink)
        station.send(0)
        station.send(0, stream: "b")
        store.take(from: &station.processor)
        let plain = store.records
        // Nothing else changes: that alone has to bring it into the next checkpoint.
        let isSet = station.processor.setStretch(2, ofStream: Array("a".utf8))
        #expect(isSet && station.processor.changedCount == 1)
        store.take(from: &station.processor)
        #expect(store.records[1] == plain[1] && store.records[0]?.count == (plain[0]?.count ?? 0) + 4)

        station.processor = processor(model, station.sink)
        store.restore(into: &station.processor, at: station.arrival)
        #expect(station.status?.stretch == 2 && station.status?.hasOwnStretch == true && station.processor.ownStretches == 1)
        #expect(station.send(1, count: 20).short == ["4", "12", "20"])
        var other = Station()
        other.processor = processor(TestModels.sibling(of: model, &generator), other.sink)
        store.restore(into: &other.processor, at: station.arrival)
        #expect(other.status?.stretch == 2 && other.status?.updates == 0)

        let isTakenBack = station.processor.setStretch(nil, ofStream: Array("a".utf8))
        #expect(isTakenBack)
        store.take(from: &station.processor)
        #expect(store.records[0]?.count == plain[0]?.count)
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

    /// A stream's way through reloads, dials, budgets, restarts, other models and sequences, all by chance.
    @Test("whatever happens to a stream, it is read after max_skip skipped timesteps, unless max_updates forbids it, and never more often than that allows", arguments: 0..<120)
    func bounds(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        var models = [TestModels.make(&generator, cell: generator.pick([.skipGRU, .skipLSTM]), features: 2, gateBias: generator.float(-9...2))]
        models.append(TestModels.sibling(of: models[0], &generator))
        let maxSkip = generator.pick([0, 1, 3, 17, 60])
        let bound = generator.pick([nil, UpdateBound(count: 1, timesteps: 5), UpdateBound(count: 3, timesteps: 20), UpdateBound(count: 9, timesteps: 200)])
        func route() -> Route {
            var route = Route(match: StreamPattern("**"), model: "m", emit: .update, probabilities: generator.once(in: 2), stretch: generator.pick([1, 3, 1e9, .greatestFiniteMagnitude]), maxSkip: maxSkip)
            (route.maxUpdates, route.switching) = (bound, generator.pick([.carry, .sequence]))
            if generator.once(in: 2) { route.budget = .updatesPerSecond(0.01) }
            return route
        }
        let sink = RecordingSink()
        func processor(_ bound: BoundRoute) -> StreamProcessor {
            var processor = StreamProcessor(sink: sink)
            processor.noteChanges()
            processor.install([bound])
            return processor
        }
        // A final result may be that of a skipped timestep, so it counts for none here.
        var running = BoundRoute(route(), models[0])
        var processorNow = processor(running)
        var (store, arrival) = (MemoryStore(), Int64(1_790_000_000_000_000_000))
        var (read, seq, starts, wild): ([Int], UInt64, Set<Int>, Bool) = ([], 0, [0], false)
        while seq < 900 {
            switch generator.number(0...30) {
            case 0:
                running = BoundRoute(route(), generator.pick(models))
                processorNow.install([running])
            case 1: _ = processorNow.setStretch(generator.pick([nil, 1, 50, 1e30]), ofStream: Array("a".utf8))
            case 2: _ = processorNow.setStretch(generator.pick([nil, 2, 1e20]), ofRoute: "**")
            case 3:
                store.take(from: &processorNow)
                // Under the same weights; others would begin it anew.
                guard processorNow.streamsBehind == 0 else { continue }
                processorNow = processor(running)
                store.restore(into: &processorNow, at: arrival)
            default: break
            }
            let count = generator.number(1...9)
            wild = generator.once(in: 40)
            var message = TestMessage(stream: "a", form: .oneFrame, timesteps: (0..<count).map { _ in (0..<2).map { _ in Double(generator.float(-2...2)) } })
            (message.seq, message.boot, message.end) = (seq, 1, wild)
            arrival += 700_000_000
            processorNow.process(block: [message.frames], arrival: arrival)
            read += sink.take().map(Published.init).filter { $0.kind == "result" && !$0.isFinal }.compactMap(\.seq)
            seq += UInt64(count)
            if wild { starts.insert(Int(seq)) }
        }
        read = Array(Set(read)).sorted()
        for (a, b) in zip(read, read.dropFirst()) where !starts.contains(where: { a < $0 && $0 <= b }) {
            #expect(b - a <= max(maxSkip + 1, Int(bound?.timesteps ?? 0)), "seed \(seed): \(a), then \(b)")
        }
        guard let bound else { return }
        for index in read.indices.dropFirst(bound.count) {
            let (a, b) = (read[index - bound.count], read[index])
            if !starts.contains(where: { a < $0 && $0 <= b }) { #expect(b - a >= Int(bound.timesteps), "seed \(seed): \(a) to \(b)") }
        }
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
