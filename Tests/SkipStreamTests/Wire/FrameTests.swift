import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Whatever bytes come: counted once, under one cause, and no stream changes.
@Suite("Messages that can't be used")
struct FrameTests {
    /// Five timesteps old: the next is 5, at which no update is due.
    private func station() -> Station {
        var station = Station()
        for seq: UInt64 in 0..<5 { station.send(seq, boot: 1) }
        return station
    }

    /// Sends a message. One that is not usable must leave the stream as it is; after one that is, the station is a new one.
    private func check(_ frames: [[UInt8]], _ station: inout Station, isUsable: Bool, _ place: String) {
        let (before, counters, drops) = (station.status, station.processor.counters, station.sink.drops.count)
        let published = station.send(frames)
        let after = station.processor.counters
        let dropped = DropCause.allCases.reduce(0) { $0 + after[$1] - counters[$1] }
        guard after.messages == counters.messages + 1, dropped == (isUsable ? 0 : 1), station.sink.drops.count == drops + Int(dropped),
              isUsable || (station.status == before && published.isEmpty && station.processor.streamCount == 1)
        else {
            Issue.record("\(place): \(frames)")
            return
        }
        if isUsable { station = self.station() }
    }

    private let message = TestMessage(stream: "a", form: .oneFrame, timesteps: [[1, 2], [3, 4]], seq: 5, ts: 7, boot: 1)

    @Test("every change of one byte of a message is either another message or malformed", arguments: [TestMessage.Form.oneFrame, .binaryHeader])
    func everyByte(form: TestMessage.Form) {
        var message = message
        message.form = form
        let frames = message.frames
        var station = station()
        for (index, frame) in frames.enumerated() {
            for place in frame.indices {
                // Where in the header the change is; before it lies the name, and in one frame the zero byte, without which there is none.
                let offset = form == .oneFrame ? place - 2 : index == 0 ? -2 : index == 1 ? place : 32
                for value: UInt8 in 0...255 where value != frame[place] {
                    var changed = frames
                    changed[index][place] = value
                    let isUsable = switch offset {
                    case -2: (0x20..<0x7F).contains(value)
                    // Four flags; seq + N up to 2⁵³; a dtype of the same size.
                    case 3: value < 16
                    case 4: SampleType(rawValue: value)?.size == 4
                    case 14: value < 0x20
                    case 15: value == 0
                    case 8..<28, 32...: true
                    default: false
                    }
                    check(changed, &station, isUsable: isUsable, "byte \(place) of frame \(index) is \(value)")
                }
            }
        }
    }

    @Test("a message cut anywhere is malformed", arguments: TestMessage.Form.allCases)
    func truncated(form: TestMessage.Form) {
        var message = message
        message.form = form
        let frames = message.normalized.frames
        var station = station()
        if form == .jsonArray || form == .jsonObject { station.install { $0.encoding = .json } }
        for index in frames.indices {
            for length in frames[index].indices {
                var cut = frames
                cut[index] = Array(frames[index][..<length])
                // Without a header, fewer whole timesteps are a message too; of JSON only the space behind it can be spared.
                let isShorter = form == .headerless && index == 1 && length % 8 == 0
                let isWhole = frames[index].count % 4 == 1 && frames[index].last == 0x20 && length + 1 == frames[index].count
                check(cut, &station, isUsable: isShorter || isWhole, "frame \(index) cut to \(length)")
            }
        }
    }

    @Test("JSON payloads cut anywhere, or changed in one byte, end nothing")
    func jsonPayloads() {
        var station = Station { $0.encoding = .json }
        let text = Array("{\"x\": [[1.5, -2e-3], [3, 4]], \"seq\": 5, \"ts\": -7, \"boot\": 1, \"start\": false, \"end\": true}".utf8)
        station.send([Array("a".utf8), text])
        #expect(station.processor.counters.updated == 1 && station.processor.counters.skipped == 1)
        var messages: UInt64 = 1
        for length in text.indices {
            station.send([Array("a".utf8), Array(text[..<length])])
            messages += 1
            #expect(station.processor.counters[.malformed] == messages - 1)
        }
        for place in text.indices {
            for value: UInt8 in 0...255 {
                var changed = text
                changed[place] = value
                station.send([Array("a".utf8), changed])
                messages += 1
            }
        }
        #expect(station.processor.counters.messages == messages && station.processor.streamCount == 1)
    }

    @Test("ten thousand random messages", arguments: [1, 2, 3])
    func random(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        var station = station()
        let known = message.frames[0]
        for index in 0..<10_000 {
            func bytes(_ most: Int) -> [UInt8] { (0..<generator.number(0...most)).map { _ in UInt8.random(in: 0...255, using: &generator) } }
            var frames = (0..<generator.number(0...4)).map { _ in bytes(generator.pick([0, 3, 40, 300])) }
            if generator.once(in: 3), !frames.isEmpty { frames[0] = Array("a".utf8) }
            if generator.once(in: 3), frames.count > 1 { frames[1] = Array(known[2..<34]) }
            if generator.once(in: 5) {
                // A message that is nearly right.
                frames = [known]
                for _ in 0..<generator.number(1...3) { frames[0][generator.number(0...(known.count - 1))] = UInt8.random(in: 0...255, using: &generator) }
            }
            let counters = station.processor.counters
            let before = station.status
            station.send(frames)
            let after = station.processor.counters
            let dropped = DropCause.allCases.reduce(0) { $0 + after[$1] - counters[$1] }
            #expect(after.messages == counters.messages + 1 && dropped <= 1, "message \(index), seed \(seed)")
            if dropped == 1 { #expect(station.status == before, "message \(index), seed \(seed)") }
        }
        #expect(station.processor.counters[.malformed] > 5000)
    }

    @Test("names", arguments: [
        ([], .malformed), ([0x61], nil), ([UInt8](repeating: 0x61, count: 255), nil), ([UInt8](repeating: 0x61, count: 256), .malformed),
        (Array("ä/日本/🙂".utf8), nil), (Array("a\nb".utf8), .malformed), (Array("a\u{0}b".utf8), .malformed), (Array("a\u{7F}".utf8), .malformed),
        (Array("a\u{85}".utf8), .malformed), (Array("a\u{9F}".utf8), .malformed), (Array("a\u{A0}".utf8), nil), ([0x80], .malformed), ([0xC3], .malformed),
        ([0xC0, 0xAF], .malformed), ([0xED, 0xA0, 0x80], .malformed), ([0xF5, 0x80, 0x80, 0x80], .malformed), (Array(" \"\\".utf8), nil),
    ] as [([UInt8], DropCause?)])
    func names(name: [UInt8], cause: DropCause?) {
        for frames in [[name, message.frames[0].dropFirst(2).prefix(32).map { $0 }, message.frames[0].suffix(16).map { $0 }], [name, message.frames[0].suffix(16).map { $0 }]] {
            var station = Station()
            let published = station.send(frames)
            #expect(station.sink.drops == (cause.map { [$0] } ?? []))
            #expect(published.count == (cause == nil ? 1 : 0) && station.processor.streamCount == published.count)
            if cause == nil { #expect(published[0].fields["stream"] as? String == String(decoding: name, as: UTF8.self)) }
        }
        // In one frame a name ends at its first zero byte.
        guard !name.contains(0) else { return }
        var station = Station()
        station.send([name + message.frames[0].dropFirst()])
        #expect(station.sink.drops == (cause.map { [$0] } ?? []))
    }

    @Test("a name with a fault is malformed, one without a route unknown, other features wrong, no room over the limit")
    func causes() {
        var station = Station { $0.match = StreamPattern("a*") }
        station.processor.limits.maximumStreams = 1
        station.processor.limits.evict = false
        station.send(0)
        station.send(0, stream: "b")
        station.send(0, stream: "a2")
        station.send([Array("a".utf8), Array("{\"dtype\":\"<f4\",\"shape\":[3]}".utf8), [UInt8](repeating: 0, count: 12)])
        station.send([Array("a".utf8)])
        #expect(station.sink.drops == [.unknownRoute, .overLimit, .wrongFeatures, .malformed])
    }
}
