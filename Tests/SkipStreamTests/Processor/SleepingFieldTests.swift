import SkipRNN
import SkipStream
import Testing
import TestSupport

/// Many devices that obey hints, under several routes with models of their own, through all that happens in the field: each fails, restarts and
/// ends its sequences as it likes, hints come late or never, and the daemon is restarted.
@Suite("A field of devices that obey hints")
struct SleepingFieldTests {
    @Test("gets byte-identical results with fewer messages, and misses the same timesteps", arguments: SplitMix.seeds(80))
    func identical(seed: UInt64) {
        let field = Field(seed: seed)
        var all = Plant(field, obeys: false)
        var sleepy = Plant(field, obeys: true)
        for time in 0...Field.length {
            if field.restarts.contains(time) { sleepy.restart(at: time) }
            for device in field.devices.indices {
                for message in field.devices[device].messages where message.time == time {
                    all.pass(message, device)
                    sleepy.pass(message, device)
                }
            }
        }
        let results = all.lines.keys.filter { $0.hasPrefix("result/") }.sorted()
        #expect(sleepy.lines.keys.filter { $0.hasPrefix("result/") }.sorted() == results, "SKIPD_TEST_SEED=\(seed)")
        // A restart of the daemon forgets that an event has been told within this second.
        for (topic, lines) in all.lines where field.restarts.isEmpty || topic.hasPrefix("result/") {
            #expect(sleepy.lines[topic] == lines, "\(topic), SKIPD_TEST_SEED=\(seed)")
        }
        #expect(sleepy.lost == all.lost, "SKIPD_TEST_SEED=\(seed)")
        #expect(sleepy.messages <= all.messages, "SKIPD_TEST_SEED=\(seed)")
    }

    @Test("saves messages, loses some timesteps and ends some sequences: the property above is about something")
    func isAboutSomething() {
        var (sent, saved, lost, ends, boots) = (0, 0, 0, 0, 0)
        for seed in 0..<20 as Range<UInt64> {
            let field = Field(seed: seed)
            var sleepy = Plant(field, obeys: true)
            for device in field.devices.indices {
                for message in field.devices[device].messages {
                    sleepy.pass(message, device)
                    if message.sample.end { ends += 1 }
                }
                sent += field.devices[device].messages.count
                boots += Set(field.devices[device].messages.map(\.sample.boot)).count - 1
            }
            saved += sent - sleepy.messages
            lost += sleepy.lost
        }
        #expect(saved > 1000 && lost > 100 && ends > 50 && boots > 50)
    }
}

/// What the devices measure, and what befalls them.
private struct Field {
    static let length = 400
    static let start: Int64 = 1_790_000_000_000_000_000
    static let interval: Int64 = 20_000_000
    private(set) var routes: [BoundRoute] = []
    private(set) var devices: [Device] = []
    /// When the daemon is stopped cleanly and started again.
    private(set) var restarts: [Int] = []

    struct Device {
        var messages: [Message] = []
        /// Messages after which a hint reaches it, and how many of a hundred never do.
        var delay = 0
        var lossPercent = 0
    }

    struct Message {
        /// In timesteps since the field's start.
        let time: Int
        let sample: TestMessage
        /// Whether it is sent though it may say nothing new: an end, or the last word before a planned restart.
        let isSure: Bool
    }

    init(seed: UInt64) {
        var generator = SplitMix(seed: seed ^ 0x51EE9)
        for index in 0..<generator.number(1...4) {
            let model = TestModels.random(&generator, features: generator.number(1...4))
            var route = Route(
                match: StreamPattern("r\(index)/*"), model: "m\(index)", emit: generator.pick([.update, .end, .change(), .change(minimumProbability: 0.4, hold: 2)]),
                probabilities: generator.once(in: 2), hints: true, hintEvery: generator.pick([nil, nil, 1, 7]), gap: generator.pick([.hold, .reset]),
                stretch: generator.pick([1, 1, 1.5, 4]), sequence: generator.pick([nil, nil, 0, 1, 13, 100]), maxSkip: generator.pick([nil, nil, 4, 20]))
            route.maxUpdates = generator.pick([nil, nil, UpdateBound(count: 3, timesteps: 17)])
            routes.append(BoundRoute(route, model))
        }
        for index in 0..<generator.number(1...12) {
            let route = generator.number(0...(routes.count - 1))
            devices.append(Self.device("r\(route)/\(index)", features: routes[route].model.architecture.inputSize, &generator))
        }
        restarts = generator.once(in: 2) ? [generator.number(20...190), generator.number(200...390)] : []
    }

    private static func device(_ name: String, features: Int, _ generator: inout SplitMix) -> Device {
        var device = Device()
        device.delay = generator.pick([0, 0, 1, 3])
        device.lossPercent = generator.pick([0, 0, 10, 60])
        let (batch, failsOnce, restartsOnce, endsOnce) = (generator.pick([1, 1, 2, 5, 17]), generator.pick([1000, 30, 10]), generator.pick([1000, 60]), generator.pick([1000, 40]))
        var (boot, first, awayUntil) = (UInt32(1), 0, 0)
        func message(at time: Int, _ count: Int, end: Bool, isSure: Bool) -> Message {
            let timesteps = (0..<count).map { index in (0..<features).map { Double(Float.random(in: -2...2, seed: UInt64(time + index) << 20, $0)) } }
            return Message(time: time, sample: TestMessage(
                stream: name, form: .oneFrame, timesteps: timesteps, seq: UInt64(time - first), ts: start + Int64(time) * interval, boot: boot, end: end), isSure: isSure)
        }
        for time in stride(from: 0, to: length, by: batch) {
            if generator.once(in: failsOnce) { awayUntil = time + generator.pick([3, 20, 120]) }
            guard time >= awayUntil else { continue }
            if generator.once(in: restartsOnce) {
                // It says how far it has come, else a final result that falls into its sleep would not be published.
                device.messages.append(message(at: time, 0, end: false, isSure: true))
                boot += 1
                if generator.once(in: 2) { first = time }
            }
            let ends = generator.once(in: endsOnce)
            device.messages.append(message(at: time, min(batch, length - time), end: ends, isSure: ends))
            // Each sequence of its own making has a boot number of its own, so that a late hint of the one before is not taken for this one's.
            if ends { boot += 1 }
        }
        // The last thing that each says, also one that has just been away.
        device.messages.append(message(at: length, 0, end: false, isSure: true))
        return device
    }
}

/// The daemon, and what the devices know of its hints.
private struct Plant: ~Copyable {
    private let field: Field
    private let obeys: Bool
    private var processor: StreamProcessor
    private var sink = RecordingSink()
    /// What is stored outlives the daemon; of a stream that hasn't changed since, a later checkpoint has nothing.
    private var store = MemoryStore()
    private var chance = SplitMix(seed: 7)
    private var wakes: [(boot: UInt32, timestep: UInt64)]
    private var underWay: [[(boot: UInt32, timestep: UInt64, messages: Int)]]
    private(set) var lines: [String: [String]] = [:]
    private(set) var messages = 0
    private var lostBefore = 0

    init(_ field: Field, obeys: Bool) {
        (self.field, self.obeys) = (field, obeys)
        wakes = Array(repeating: (0, 0), count: field.devices.count)
        underWay = Array(repeating: [], count: field.devices.count)
        processor = Self.processor(field.routes, sink)
    }

    private static func processor(_ routes: [BoundRoute], _ sink: RecordingSink) -> StreamProcessor {
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        processor.install(routes)
        return processor
    }

    var lost: Int { lostBefore + Int(processor.counters.lost) }

    /// Lets the time of a message come: it is sent unless nothing in it will be read.
    mutating func pass(_ message: Field.Message, _ device: Int) {
        for index in underWay[device].indices { underWay[device][index].messages -= 1 }
        for hint in underWay[device] where hint.messages < 0 { hear(hint.boot, hint.timestep, device) }
        underWay[device].removeAll { $0.messages < 0 }
        let (sample, wake) = (message.sample, wakes[device])
        if obeys, !message.isSure, wake.boot == sample.boot, (sample.seq ?? 0) + UInt64(sample.timesteps.count) <= wake.timestep { return }
        messages += 1
        processor.process(block: [sample.frames], arrival: Field.start + Int64(message.time) * Field.interval)
        for line in sink.take() {
            let published = Published(line)
            guard published.kind == "hint" else {
                lines["\(published.kind)/\(published.stream)", default: []].append(line)
                continue
            }
            guard chance.number(0...99) >= field.devices[device].lossPercent, let next = published.fields["next_seq"] as? Int, let boot = published.fields["boot"] as? Int else { continue }
            underWay[device].append((UInt32(boot), UInt64(next), field.devices[device].delay - 1))
        }
        for hint in underWay[device] where hint.messages < 0 { hear(hint.boot, hint.timestep, device) }
        underWay[device].removeAll { $0.messages < 0 }
    }

    private mutating func hear(_ boot: UInt32, _ timestep: UInt64, _ device: Int) {
        if boot > wakes[device].boot { wakes[device] = (boot, timestep) } else if boot == wakes[device].boot { wakes[device].timestep = max(wakes[device].timestep, timestep) }
    }

    /// Stops the daemon cleanly and starts it again.
    mutating func restart(at time: Int) {
        store.take(from: &processor)
        lostBefore = lost
        sink = RecordingSink()
        processor = Self.processor(field.routes, sink)
        store.restore(into: &processor, at: Field.start + Int64(time) * Field.interval)
    }
}
