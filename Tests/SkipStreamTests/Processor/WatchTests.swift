import SkipRNN
import SkipStream
import Testing

/// Streams that somebody looks at.
@Suite struct WatchTests {
    /// The marks of a watched stream, in short: `s` a sequence's start, `r` a read, `o` omitted, `l` lost, `x` rejected.
    private func marks(_ station: inout Station, _ stream: String = "a") -> [String] {
        let observed = station.processor.observe([Array(stream.utf8)])
        return observed[0]?.marks.map { mark in
            switch mark.kind {
            case .start: "s\(mark.timestep)"
            case .read: "r\(mark.timestep)"
            case .omitted: "o\(mark.timestep)–\(mark.end)"
            case .lost: "l\(mark.timestep)–\(mark.end)"
            case .rejected: "x\(mark.timestep)"
            }
        } ?? ["unknown"]
    }

    @Test("a watched stream's timeline begins with its last read, and has every read, gap and sequence from then on")
    func timeline() {
        var station = Station()
        station.send(0, count: 6)
        #expect(marks(&station) == ["r4"])
        station.send(6, count: 3)
        // 9 to 11 would not have been read; 12 would have been.
        station.send(12)
        station.send(18)
        station.send(19, start: true)
        station.send(20, count: 3, value: .nan)
        station.send(23, value: .nan)
        #expect(marks(&station) == ["r4", "r8", "o9–12", "r12", "o13–16", "l16–18", "r18", "s19", "r19", "x23"])
    }

    @Test("a mark of a read says what the update made of the state: the increment, the label and its probability")
    func read() throws {
        var station = Station()
        _ = marks(&station)
        station.send(0)
        let observed = try #require(station.processor.observe([Array("a".utf8)])[0])
        let mark = try #require(observed.marks.last)
        #expect(mark.kind == .read && mark.increment == observed.status.gate.updateProbabilityIncrement)
        #expect(observed.labels[Int(mark.label)] == observed.status.label)
        #expect(mark.probability == observed.status.probability)
    }

    @Test("being watched changes nothing that is published")
    func watchedOrNot() {
        var watched = Station()
        var other = Station()
        for seq in [0, 3, 4, 5, 9, 17, 18, 2, 40] as [UInt64] {
            _ = marks(&watched)
            #expect(watched.send(seq, count: 2).map(\.description) == other.send(seq, count: 2).map(\.description))
        }
    }

    @Test("a timeline ends when nobody watches, and begins anew with the next who does")
    func unwatched() {
        var station = Station()
        station.send(0)
        #expect(marks(&station) == ["r0"])
        #expect(station.processor.observe([]).isEmpty)
        station.send(1, count: 9)
        #expect(marks(&station) == ["r8"])
        #expect(marks(&station, "b") == ["unknown"])
        station.send(10, count: 3)
        #expect(marks(&station) == ["r12"])
    }

    @Test("an evicted stream takes its timeline with it, so that the next in its place is not taken for it")
    func evicted() {
        var limits = StreamLimits()
        limits.maximumStreams = 1
        var station = Station(limits: limits)
        station.send(0)
        #expect(marks(&station) == ["r0"])
        station.send(0, stream: "b")
        #expect(marks(&station) == ["unknown"])
        station.send(0)
        #expect(marks(&station) == ["r0"])
    }

    @Test("a timeline keeps the newest marks only")
    func ring() throws {
        var station = Station(TestModels.everyFourth()) { $0.maxSkip = 0 }
        station.send(0)
        _ = marks(&station)
        for seq in 1..<1000 as Range<UInt64> { station.send(seq) }
        let kept = try #require(station.processor.observe([Array("a".utf8)])[0]).marks
        #expect(kept.map(\.timestep) == Array(1000 - UInt64(kept.count)..<1000))
        #expect(kept.count < 1000)
    }

    @Test("streams are found by any part of their name, in capitals or not")
    func search() {
        var station = Station()
        for name in ["plant1/Pump7/vibration", "plant1/pump8", "plant2/fan"] { station.send(0, stream: name) }
        func found(_ text: String) -> [String] {
            var names: [String] = []
            let cursor = station.processor.names(containing: Array(text.utf8), from: 0, limit: 100) { names.append(String(decoding: $0, as: UTF8.self)) }
            #expect(cursor == nil)
            return names.sorted()
        }
        #expect(found("PUMP") == ["plant1/Pump7/vibration", "plant1/pump8"])
        #expect(found("fan") == ["plant2/fan"])
        #expect(found("").count == 3)
        #expect(found("vibrations").isEmpty)
    }

    @Test("a model's timesteps are those that its finished sequences had, read or not, sent or not")
    func modelTimesteps() {
        var station = Station { $0.sequence = 20 }
        station.send(0, count: 13)
        // 13 to 15 are not needed.
        station.send(16, count: 4)
        station.send(20, count: 20)
        #expect(station.processor.models[0].timesteps == 40)
        #expect(station.processor.models[0].updates == 10)
        #expect(station.processor.batchSizes[1] == 10)
    }
}
