import SkipRNN
import SkipStream
import Testing

@Suite("Limits")
struct LimitsTests {
    private func frames(_ name: String, _ count: Int = 1) -> [[UInt8]] {
        TestMessage(stream: name, form: .oneFrame, timesteps: [[Double]](repeating: [0.5, -0.5], count: count), seq: 0, boot: 1).frames
    }

    @Test("past max_streams a new stream is refused without evict")
    func refused() {
        var station = Station { _ in }
        (station.processor.limits.maximumStreams, station.processor.limits.evict) = (3, false)
        for index in 0..<5 { station.send(frames("s\(index)")) }
        #expect(station.processor.streamCount == 3 && station.sink.drops == [.overLimit, .overLimit])
        // Those that were there go on.
        station.send(TestMessage(stream: "s0", form: .oneFrame, timesteps: [[0, 0]], seq: 1, boot: 1).frames)
        #expect(station.processor.counters.skipped == 1)
    }

    @Test("no streams at all may be allowed", arguments: [true, false])
    func none(evict: Bool) {
        var station = Station()
        (station.processor.limits.maximumStreams, station.processor.limits.evict) = (0, evict)
        station.send(frames("a"))
        #expect(station.processor.streamCount == 0 && station.sink.drops == [.overLimit])
    }

    @Test("past max_streams a new stream pushes out one that has long been idle, and an event says so")
    func evicted() {
        var station = Station()
        station.processor.limits.maximumStreams = 200
        for index in 0..<200 { station.send(frames("old\(index)")) }
        var gone: [String] = []
        for index in 0..<50 { gone += station.send(frames("new\(index)")).filter { $0.event == "evicted" }.map(\.stream) }
        #expect(gone.count == 50 && station.processor.counters.evicted == 50 && station.processor.streamCount == 200)
        // The longest idle of 16: with 200 streams, one of the younger half in one eviction out of 65,536.
        #expect(gone.allSatisfy { $0.hasPrefix("old") && Int($0.dropFirst(3))! < 150 }, "\(gone)")
        #expect(station.sink.drops.isEmpty)
    }

    @Test("a stream that waits in the block is never evicted: a block may bring more new streams than the table holds", arguments: [1, 2, 7, 63])
    func evictedInBlock(limit: Int) {
        var station = Station()
        station.processor.limits.maximumStreams = limit
        for _ in 0..<3 {
            station.processor.process(block: (0..<64).map { frames("s\($0)", 5) }, arrival: 0)
            #expect(station.processor.streamCount == limit && station.sink.drops.isEmpty)
        }
        // Each message found or made its stream, whose first timestep was read, and each result was published.
        let results = station.sink.take().filter { kind(of: $0) == "result" }
        #expect(results.count == Int(station.processor.counters.updated))
        let counters = station.processor.counters
        #expect(counters.updated + counters.skipped + counters.stale == 3 * 64 * 5)
    }

    @Test("a lowered max_streams is reached as new streams come")
    func lowered() {
        var station = Station()
        for index in 0..<100 { station.send(frames("s\(index)")) }
        station.processor.limits.maximumStreams = 10
        for index in 0..<90 { station.send(frames("t\(index)")) }
        #expect(station.processor.streamCount == 10)
    }

    @Test("a sparse table finds whom to evict")
    func sparse() {
        var station = Station()
        station.processor.limits.idleTimeout = 0
        for index in 0..<5000 { station.send(frames("s\(index)")) }
        station.processor.limits.idleTimeout = 10
        station.arrival += 100_000_000_000
        for _ in 0..<2500 {
            station.send(frames("s0"))
            station.arrival -= 1_000_000_000
        }
        #expect(station.processor.streamCount == 1 && station.processor.counters.expired == 4999)
        station.processor.limits.maximumStreams = 1
        #expect(station.send(frames("new")).contains { $0.event == "evicted" && $0.stream == "s0" })
        #expect(station.processor.streamCount == 1 && station.sink.drops.isEmpty)
    }

    @Test("a stream is dropped after idle_timeout, with an event, and begins anew")
    func idle() {
        var station = Station()
        station.processor.limits.idleTimeout = 10
        station.send(0)
        station.send(0, stream: "b")
        station.arrival += 8_000_000_000
        #expect(station.send(1, stream: "b").isEmpty)
        #expect(station.processor.streamCount == 2)
        station.arrival += 2_000_000_000
        let published = station.send(2, stream: "b")
        #expect(published.short == ["evicted"] && published.first?.stream == "a")
        #expect(station.processor.streamCount == 1 && station.processor.counters.expired == 1)
        #expect(station.send(7).short == ["7"])
    }

    @Test("a clock that is set changes no idle time where another clock is given")
    func clock() {
        var station = Station()
        station.processor.limits.idleTimeout = 10
        station.send(0)
        let message = frames("b")
        let block = message[0].withUnsafeBytes { bytes in
            let block = [IncomingMessage(bytes, frameCount: 1)]
            // A year ahead, then back: of the clock that is never set, a second.
            for (arrival, clock) in [(31_536_000_000_000_000, 2_000_000_000_000), (0, 2_001_000_000_000), (5, 2_002_000_000_000)] as [(Int64, Int64)] {
                block.withUnsafeBufferPointer { station.processor.process($0, arrival: arrival, clock: clock) }
            }
            return block.count
        }
        #expect(block == 1)
        #expect(station.processor.streamCount == 1)
    }
}
