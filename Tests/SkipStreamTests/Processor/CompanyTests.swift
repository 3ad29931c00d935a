import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("What else is going on changes no result")
struct CompanyTests {
    /// Streams with all that they will ever send, under routes of every kind.
    private struct Plant {
        let routes: [BoundRoute]
        let devices: [(name: String, samples: [[Double]])]

        init(seed: UInt64, hints: Bool, rules: [EmitRule]) {
            var generator = SplitMix(seed: seed)
            var routes: [BoundRoute] = []
            for (index, cell) in Architecture.Cell.allCases.enumerated() {
                let model = TestModels.make(&generator, cell: cell, layers: generator.pick([[7], [20], [5, 6]]), gateBias: generator.float(-3...0)) { $0.sampleRate = 50 }
                let route = Route(
                    match: StreamPattern("\(index)/*"), model: "m\(index)", emit: generator.pick(rules), probabilities: generator.once(in: 2), hints: hints,
                    stretch: generator.pick([1, 2]), sequence: generator.pick([nil, 50, 64]), maxSkip: generator.pick([nil, 9]))
                routes.append(BoundRoute(route, model))
            }
            self.routes = routes
            devices = (0..<generator.number(2...300)).map { index in
                ("\(index % 4)/device \(index)", (0..<generator.number(1...200)).map { _ in (0..<3).map { _ in Double(generator.float(-2...2)) } })
            }
        }

        func message(_ device: Int, _ range: Range<Int>, _ form: TestMessage.Form) -> [[UInt8]] {
            let (name, samples) = devices[device]
            return TestMessage(
                stream: name, form: form, timesteps: Array(samples[range]), seq: UInt64(range.lowerBound), ts: 1_000_000_000_000 + Int64(range.lowerBound) * 20_000_000, boot: 5,
                start: range.lowerBound == 0, end: range.upperBound == samples.count).frames
        }
    }

    @Test("the same samples in other messages, blocks and company give byte-identical lines", arguments: 0..<10)
    func company(seed: UInt64) {
        let plant = Plant(seed: seed, hints: true, rules: [.update, .end, .change(), .change(minimumProbability: 0.4, hold: 2), .every(7)])
        var alone: [Substring: [String]] = [:]
        for device in plant.devices.indices {
            // Each stream in a processor of its own, timestep by timestep.
            let sink = RecordingSink()
            var processor = StreamProcessor(sink: sink)
            processor.install(plant.routes)
            for index in plant.devices[device].samples.indices { processor.process(block: [plant.message(device, index..<(index + 1), .oneFrame)], arrival: Int64(index)) }
            alone.merge(byTopic(sink.take())) { a, _ in a }
        }
        for round in 0..<3 {
            var generator = SplitMix(seed: seed << 8 | UInt64(round))
            let sink = RecordingSink()
            var processor = StreamProcessor(sink: sink)
            processor.install(plant.routes)
            var positions = [Int](repeating: 0, count: plant.devices.count)
            var open = Array(plant.devices.indices)
            let longest = generator.pick([1, 10, 200])
            var messages: [[[UInt8]]] = []
            while !open.isEmpty {
                let place = generator.number(0...(open.count - 1))
                let device = open[place]
                let end = min(positions[device] + generator.number(1...longest), plant.devices[device].samples.count)
                messages.append(plant.message(device, positions[device]..<end, generator.pick([.oneFrame, .binaryHeader, .jsonHeader])))
                positions[device] = end
                if end == plant.devices[device].samples.count { open.remove(at: place) }
            }
            processor.process(frames: messages, arrival: 77, blocks: (0..<20).map { _ in generator.number(1...64) })
            #expect(byTopic(sink.take()) == alone, "seed \(seed), round \(round)")
        }
    }

    @Test("a device that sends only what its hints ask for gets byte-identical results", arguments: 20..<26)
    func hints(seed: UInt64) {
        let plant = Plant(seed: seed, hints: true, rules: [.update, .end, .change()])
        let (whole, asked) = (RecordingSink(), RecordingSink())
        var a = StreamProcessor(sink: whole)
        var b = StreamProcessor(sink: asked)
        a.install(plant.routes)
        b.install(plant.routes)
        var sent = 0
        for device in plant.devices.indices {
            var next = 0
            let count = plant.devices[device].samples.count
            for index in 0..<count {
                let message = plant.message(device, index..<(index + 1), .oneFrame)
                a.process(block: [message], arrival: 0)
                // The last one ends the sequence, whether it is asked for or not.
                guard index >= next || index + 1 == count else { continue }
                sent += 1
                b.process(block: [message], arrival: 0)
                for line in asked.lines.suffix(3) where kind(of: line) == "hint" { next = Published(line).fields["next_seq"] as? Int ?? 0 }
            }
        }
        func results(_ sink: RecordingSink) -> [Substring: [String]] { byTopic(sink.take().filter { kind(of: $0) == "result" }) }
        #expect(results(whole) == results(asked), "seed \(seed)")
        #expect(b.counters.lost == 0 && b.counters.omitted > 0 && b.counters.updated == a.counters.updated)
        #expect(sent < plant.devices.reduce(0) { $0 + $1.samples.count })
    }
}
