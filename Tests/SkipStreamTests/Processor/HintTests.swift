import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Devices that send nothing until a hint says that they will be read again.
@Suite("Devices that obey hints")
struct HintTests {
    @Test("get byte-identical results with fewer messages: obeying late, losing hints, with the daemon restarted in between", arguments: 0..<150)
    func identical(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let features = generator.number(1...4)
        let model = TestModels.random(&generator, features: features)
        var route = Route(
            match: StreamPattern("**"), model: "m", emit: generator.pick([.update, .end, .change(), .change(minimumProbability: 0.4, hold: 2)]),
            hints: true, hintEvery: generator.pick([nil, nil, 1, 7]), stretch: generator.pick([1, 1, 1.5, 4]),
            sequence: generator.pick([nil, nil, 0, 1, 13, 100]), maxSkip: generator.pick([nil, nil, 4, 20]))
        route.probabilities = true
        let signal = Signal(features: features, seed: seed)
        let batch = generator.pick([1, 1, 2, 5, 17, 60])

        var all = Plant(BoundRoute(route, model), batch: batch, signal)
        all.obeys = false
        var sleepy = Plant(BoundRoute(route, model), batch: batch, signal)
        sleepy.delay = generator.pick([0, 0, 1, 3])
        sleepy.lossPercent = generator.pick([0, 0, 10, 60])
        let restarts = generator.once(in: 2) ? [generator.number(20...300), generator.number(300...580)] : []
        for timestep in stride(from: 0, to: 600, by: batch) {
            if restarts.contains(where: { timestep <= $0 && $0 < timestep + batch }) { sleepy.restart() }
            all.pass(timestep)
            sleepy.pass(timestep)
        }
        all.close(at: 600)
        sleepy.close(at: 600)
        #expect(sleepy.results == all.results, "seed \(seed)")
        #expect(sleepy.lost == 0, "seed \(seed)")
        // What was never sent is what it saved, and is counted, as far as a process knows: a restart begins to count anew.
        #expect(sleepy.sent + sleepy.omitted == 600, "seed \(seed)")
        #expect(sleepy.messages <= all.messages)
        if model.architecture.cell.hasStateUpdateGate, batch == 1, sleepy.delay == 0, sleepy.lossPercent == 0, route.hintEvery == nil, route.maxSkip != 0 {
            // Then it sends exactly what is read, and a last message that says that the time has come.
            #expect(sleepy.messages == sleepy.updates + 1, "seed \(seed)")
        }
    }

    @Test("a device that begins a message where it is read, rather than leave whole messages out, gets the same where the model knows its sample rate", arguments: 0..<40)
    func rebatched(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let features = generator.number(1...4)
        let model = TestModels.make(&generator, features: features, gateBias: generator.float(-4 ... -1)) { $0.sampleRate = 50 }
        let route = Route(match: StreamPattern("**"), model: "m", emit: .update, hints: true, sequence: generator.pick([0, 50]))
        let (signal, batch) = (Signal(features: features, seed: seed), generator.pick([2, 5, 20]))
        var all = Plant(BoundRoute(route, model), batch: batch, signal)
        all.obeys = false
        for timestep in stride(from: 0, to: 600, by: batch) { all.pass(timestep) }
        var sleepy = Plant(BoundRoute(route, model), batch: batch, signal)
        var next = 0
        while next < 600 {
            sleepy.send(next, min(batch, 600 - next))
            next = max(next + batch, sleepy.wake)
        }
        all.close(at: 600)
        sleepy.close(at: 600)
        #expect(sleepy.results == all.results, "seed \(seed)")
        #expect(sleepy.messages <= all.messages, "seed \(seed)")
    }

    @Test("what was never sent is counted by stream and in all, apart from what was lost")
    func counts() {
        var station = Station { $0.hints = true }
        #expect(station.send(0, boot: 1).short == ["0", "→4"])
        #expect(station.send(4, boot: 1).short == ["4", "→8"])
        #expect(station.status?.omitted == 3 && station.status?.lost == 0)
        #expect(station.send(10, boot: 1).short == ["lost 8–10", "10", "→14"])
        #expect(station.status?.omitted == 6 && station.status?.lost == 2)
        #expect(station.processor.counters.omitted == 6 && station.processor.counters.lost == 2)
    }

    @Test("a final result that fell into a sleep is published with the device's next word, and never where that comes with another boot")
    func fallenAsleep() {
        var station = Station { ($0.hints, $0.sequence) = (true, 6) }
        #expect(station.send(0, boot: 1).short == ["0", "→4"])
        #expect(station.send(4, boot: 1).short == ["4", "→6"])
        #expect(station.send(6, count: 0, boot: 1).short == ["5!"])
        #expect(station.send(6, boot: 1).short == ["6", "→10"])
        #expect(station.send(10, boot: 1).short == ["10", "→12"])
        // It fell over in its sleep, and could not say how far it had come.
        #expect(station.send(0, boot: 2).short == ["reset", "0", "→4"])
    }

    @Test("a rounded hint never lies before the next timestep nor past the read one")
    func rounded() {
        var station = Station { ($0.hints, $0.hintEvery) = (true, 3) }
        #expect(station.send(0, boot: 1).short == ["0", "→3"])
        #expect(station.send(3, count: 2, boot: 1).short == ["4", "→6"])
        #expect(station.send(6, count: 3, boot: 1).short == ["8", "→12"])
    }
}

/// Timesteps whose values and times depend on their index alone.
private struct Signal {
    let features: Int
    let seed: UInt64
    static let start: Int64 = 1_790_000_000_000_000_000
    static let interval: Int64 = 20_000_000

    func timesteps(_ range: Range<Int>) -> [[Double]] {
        range.map { index in (0..<features).map { Double(Float.random(in: -2...2, seed: seed << 20 | UInt64(index), $0)) } }
    }
}

/// A device and the daemon that reads it.
private struct Plant: ~Copyable {
    private let bound: BoundRoute
    private let batch: Int
    private let signal: Signal
    private var processor: StreamProcessor
    private var sink = RecordingSink()
    private var store = MemoryStore()
    private var chance: SplitMix
    var obeys = true
    /// Messages after which a hint reaches the device, and how many of a hundred never do.
    var delay = 0
    var lossPercent = 0
    /// The timestep that the device sleeps until, as far as it knows.
    private(set) var wake = 0
    private var underWay: [(hint: Int, messages: Int)] = []

    private(set) var results: [String] = []
    private(set) var messages = 0
    private(set) var sent = 0
    private var before = Counters()

    init(_ bound: BoundRoute, batch: Int, _ signal: Signal) {
        (self.bound, self.batch, self.signal) = (bound, batch, signal)
        chance = SplitMix(seed: signal.seed &+ 1)
        processor = Self.processor(bound, sink)
    }

    private static func processor(_ bound: BoundRoute, _ sink: RecordingSink) -> StreamProcessor {
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        processor.install([bound])
        return processor
    }

    /// Timesteps that never came: unread anyway, and missed.
    var omitted: Int { Int(before.omitted + processor.counters.omitted) }
    var lost: Int { Int(before.lost + processor.counters.lost) }
    var updates: Int { Int(before.updated + processor.counters.updated) }

    /// Lets the time of a message come: it is sent unless nothing in it will be read.
    mutating func pass(_ timestep: Int) {
        let count = min(batch, 600 - timestep)
        for index in underWay.indices { underWay[index].messages -= 1 }
        for (hint, messages) in underWay where messages < 0 { wake = max(wake, hint) }
        underWay.removeAll { $0.messages < 0 }
        if obeys, timestep + count <= wake { return }
        send(timestep, count)
    }

    mutating func send(_ timestep: Int, _ count: Int) {
        var message = TestMessage(stream: "watch/7", form: .oneFrame, timesteps: signal.timesteps(timestep..<(timestep + count)))
        (message.seq, message.boot, message.ts) = (UInt64(timestep), 7, Signal.start + Int64(timestep) * Signal.interval)
        sent += count
        deliver(message)
    }

    /// Says that a time has come.
    mutating func close(at timestep: Int) {
        var message = TestMessage(stream: "watch/7", form: .oneFrame, timesteps: [])
        (message.seq, message.boot, message.end) = (UInt64(timestep), 7, true)
        deliver(message)
    }

    private mutating func deliver(_ message: TestMessage) {
        messages += 1
        processor.process(block: [message.frames], arrival: Signal.start + Int64(messages) * 1_000_000)
        for line in sink.take() {
            switch kind(of: line) {
            case "hint":
                guard chance.number(0...99) >= lossPercent, let next = Published(line).fields["next_seq"] as? Int else { continue }
                if delay == 0 { wake = next } else { underWay.append((next, delay)) }
            case "result": results.append(line)
            default: results.append(line)
            }
        }
    }

    /// Stops the daemon cleanly and starts it again: its counts begin anew, its streams do not.
    mutating func restart() {
        store.take(from: &processor)
        before.omitted += processor.counters.omitted
        before.lost += processor.counters.lost
        before.updated += processor.counters.updated
        sink = RecordingSink()
        processor = Self.processor(bound, sink)
        store.restore(into: &processor, at: Signal.start + Int64(messages) * 1_000_000)
    }
}
