import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("Other routes while streams run")
struct ReloadTests {
    private func bound(_ pattern: String, _ model: Model = TestModels.everyFourth, _ change: (inout Route) -> Void = { _ in }) -> BoundRoute {
        var route = Route(match: StreamPattern(pattern), model: "m", emit: .update)
        change(&route)
        return BoundRoute(route, model)
    }

    @Test("an unchanged route changes nothing, its model may have been read anew")
    func unchanged() {
        var station = Station()
        station.send(0, count: 3)
        let before = station.status
        station.processor.install([bound("**", TestModels.everyFourth())])
        #expect(station.status == before)
        let published = station.send(3, count: 2)
        #expect(published.short == ["4"] && published[0].updates == 2 && published[0].n == 2)
    }

    @Test("changed options take effect at the next update, so that what a hint said stays true")
    func options() {
        var station = Station { $0.hints = true }
        #expect(station.send(0, boot: 1).short == ["0", "→4"])
        station.install { ($0.hints, $0.maxSkip, $0.emit) = (true, 1, .every(1)) }
        // No update is due before 4, and no result.
        #expect(station.send(1, count: 3, boot: 1).isEmpty)
        #expect(station.send(4, boot: 1).short == ["4", "→6"])
        #expect(station.send(5, boot: 1).short == ["5"])
    }

    @Test("a sequence that a reload makes shorter than it is already ends with its next update", arguments: [1, 3, 5, 6])
    func shortened(length: UInt64) {
        var station = Station { $0.sequence = 100 }
        station.send(0, count: 6)
        station.install { $0.sequence = length }
        #expect(station.send(6, count: 2).isEmpty)
        let published = station.send(8, count: 2)
        #expect(published.first?.short == "8!" && published.first?.timesteps == 9)
        // The next sequence begins behind it, with the new length.
        #expect(published.dropFirst().first?.short == (length == 1 ? "9!" : "9"))
    }

    @Test("a gap after a reload that shortened the sequence ends nothing wrongly")
    func shortenedInGap() {
        var station = Station { $0.sequence = 100 }
        station.send(0, count: 6)
        station.install { $0.sequence = 3 }
        #expect(station.send(50).short == ["lost 8–50", "50!"])
        #expect(station.send(51, count: 3).short == ["51", "53!"])
    }

    @Test("a route in front of another takes its streams, with their state")
    func inFront() {
        var station = Station { $0.match = StreamPattern("a*") }
        station.send(0, count: 3)
        let old = bound("a*")
        station.processor.install([bound("a") { $0.emit = .end }, old])
        #expect(station.send(3, count: 3).isEmpty)
        #expect(station.send(6, count: 0, end: true).short == ["5!"])
        #expect(station.processor.counters.updated == 2)
        // And back.
        station.processor.install([old])
        #expect(station.send(6).short == ["6"])
    }

    @Test("another model begins anew at the next message that can be used, and an event says so")
    func otherModel() {
        var station = Station()
        station.send(0, count: 3)
        let model = TestModels.everyFourth { $0.maxSkip = 1 }
        station.processor.install([bound("**", model) { $0.switching = .reset }])
        let before = station.status
        station.send([Array("a".utf8), [1, 2, 3]])
        station.send([[0x61]])
        #expect(station.status == before && station.processor.counters[.malformed] == 2)
        let published = station.send(3)
        #expect(published.short == ["reset", "3"] && published[1].updates == 1 && published[1].n == 2)
        #expect(published[0].fields["reason"] as? String == "its model changed")
        #expect(station.send(4, count: 2).short == ["5"])
    }

    @Test("a stream that no route matches any more is unknown, and gone")
    func gone() {
        var station = Station()
        station.send(0, count: 3)
        station.processor.install([bound("b")])
        #expect(station.processor.models.first?.streams == 1)
        #expect(station.send(3).short == ["evicted"])
        #expect(station.sink.drops == [.unknownRoute] && station.processor.streamCount == 0)
        #expect(station.send(4).isEmpty && station.sink.drops.count == 2)
    }

    @Test("a changed encoding is read at once: no message would bring the next update otherwise")
    func encoding() {
        var station = Station()
        station.send([Array("a".utf8), [UInt8](repeating: 0, count: 8 * 3)])
        station.install { $0.encoding = .json }
        #expect(station.send([Array("a".utf8), Array("[[1, 2], [3, 4]]".utf8)]).short == ["4"])
        #expect(station.sink.drops.isEmpty)
    }

    @Test("a hundred thousand reloads leave room for routes, and streams that stay behind keep theirs")
    func places() {
        var station = Station()
        station.send(0, stream: "left behind")
        for round in 0..<100_000 {
            station.install { $0.stretch = 1 + Float(round) / 1000 }
            if round % 1000 == 0 { station.send(nil, count: 4) }
        }
        #expect(station.processor.models.map(\.streams) == [2])
        #expect(station.send(4, stream: "left behind").short == ["4"])
    }

    @Test("a model goes when its last stream has left it")
    func memory() {
        weak var old: Model?
        var station: Station
        do {
            var generator = SplitMix(seed: 1)
            let model = TestModels.make(&generator, features: 2)
            old = model
            station = Station()
            station.processor.install([bound("**", model)])
        }
        station.send(0)
        station.send(0, stream: "b")
        station.processor.install([bound("**") { $0.switching = .reset }])
        #expect(old != nil)
        station.send(1)
        #expect(old != nil)
        station.send(1, stream: "b")
        #expect(old == nil)
    }

    @Test("the operator's reset returns a stream to its initial state, and says so")
    func reset() {
        var station = Station { $0.emit = .change() }
        #expect(station.send(0, count: 6).short == ["0"])
        let wasReset = station.processor.reset(stream: Array("a".utf8))
        #expect(wasReset && station.sink.take().map { Published($0).short } == ["reset"])
        let published = station.send(6)
        #expect(published.short == ["6"] && published[0].updates == 1)
        let isUnknown = station.processor.reset(stream: Array("b".utf8))
        #expect(!isUnknown)
        let (count, cursor) = station.processor.reset(prefix: Array("a".utf8), from: 0, limit: .max)
        #expect(count == 1 && cursor == nil)
    }
}
