import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("Streams taken back from the store")
struct RestoreTests {
    private let arrival: Int64 = 1_790_000_000_000_000_000

    private func model(seed: UInt64 = 1) -> Model {
        var generator = SplitMix(seed: seed)
        return TestModels.make(&generator)
    }

    private func processor(_ model: Model, _ sink: RecordingSink = RecordingSink(), match: String = "**", sequence: UInt64? = nil) -> StreamProcessor {
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        processor.install([BoundRoute(Route(match: StreamPattern(match), model: "m", emit: .update, sequence: sequence), model)])
        return processor
    }

    private func message(_ stream: String, seq: UInt64, count: Int = 1) -> [[UInt8]] {
        var message = TestMessage(stream: stream, form: .binaryHeader, timesteps: Array(repeating: [0.5, -0.25, 1], count: count))
        message.seq = seq
        message.boot = 7
        return message.frames
    }

    /// A store of streams s0, s1, … that have had 20 timesteps each.
    private func store(_ model: Model, streams: Int = 3, stretch: Float? = nil) -> MemoryStore {
        var processor = processor(model)
        for index in 0..<streams {
            processor.process(block: [message("s\(index)", seq: 0, count: 20)], arrival: arrival)
            if let stretch { _ = processor.setStretch(stretch, ofStream: Array("s\(index)".utf8)) }
        }
        var store = MemoryStore()
        store.take(from: &processor)
        return store
    }

    @Test("a state of other weights is not used: the stream begins anew at its next timestep, and an event says so when it is heard of")
    func otherWeights() {
        let store = store(model())
        let sink = RecordingSink()
        var restored = processor(model(seed: 2), sink)
        for outcome in store.restore(into: &restored, at: arrival).values {
            guard case .begunAnew = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        let stream = restored.stream(named: Array("s1".utf8))
        #expect(stream?.next == 20)
        #expect(stream?.updates == 0)
        #expect(stream?.boot == 7)
        restored.process(block: [message("s1", seq: 20)], arrival: arrival)
        #expect(sink.take().first == #"event/s1\#t{"stream":"s1","event":"reset","reason":"its model or sequence changed while skipd was down"}"#)
        restored.process(block: [message("s1", seq: 21)], arrival: arrival + 2_000_000_000)
        #expect(!sink.take().contains { kind(of: $0) == "event" })
    }

    @Test("a stream past the end of its route's present sequence begins anew")
    func shorterSequence() {
        let store = store(model())
        var restored = processor(model(), sequence: 20)
        for outcome in store.restore(into: &restored, at: arrival).values {
            guard case .begunAnew = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        restored.process(block: [message("s0", seq: 20, count: 30)], arrival: arrival)
        #expect(restored.stream(named: Array("s0".utf8))?.next == 50)
    }

    @Test("streams that no route matches are not taken back, and deleted from the store at the next checkpoint")
    func noRoute() {
        var store = store(model())
        var restored = processor(model(), match: "s1")
        store.restore(into: &restored, at: arrival)
        #expect(restored.streamCount == 1)
        store.take(from: &restored)
        #expect(store.records.keys.sorted() == [1])
        // The slots of the others are free again.
        restored.install([BoundRoute(Route(match: StreamPattern("**"), model: "m"), model())])
        restored.process(block: [message("a", seq: 0), message("b", seq: 0), message("c", seq: 0)], arrival: arrival)
        store.take(from: &restored)
        #expect(store.records.keys.sorted() == [0, 1, 2, 3])
    }

    @Test("no more than max_streams are taken back")
    func limit() {
        var store = store(model(), streams: 10)
        var restored = processor(model())
        restored.limits.maximumStreams = 4
        store.restore(into: &restored, at: arrival)
        #expect(restored.streamCount == 4)
        store.take(from: &restored)
        #expect(store.records.count == 4)
    }

    @Test("a name that is stored twice is taken from the later slot")
    func twice() {
        // A stream may leave its slot after a slice has stored it and come back in a slot further on before the slices get there.
        var earlier = store(model(), streams: 1)
        var later = processor(model())
        for name in ["a", "b", "s0"] { later.process(block: [message(name, seq: 0, count: 33)], arrival: arrival) }
        var laterStore = MemoryStore()
        laterStore.take(from: &later)
        earlier.records[2] = laterStore.records[2]
        var restored = processor(model())
        earlier.restore(into: &restored, at: arrival)
        #expect(restored.streamCount == 1)
        #expect(restored.stream(named: Array("s0".utf8))?.next == 33)
        earlier.take(from: &restored)
        #expect(earlier.records.keys.sorted() == [2])
    }

    @Test("a state of another kernel variant is used, and the outcome says so", .enabled(if: Kernels.all.count > 1))
    func otherKernels() throws {
        var generator = SplitMix(seed: 1)
        let architecture = Architecture(cell: .gru, inputSize: 3, hiddenSizes: [5], outputSize: 2)
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in architecture.parameters where !parameter.isOptional {
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: (0..<parameter.shape.reduce(1, *)).map { _ in generator.float(-1...1) })
        }
        var metadata = ModelMetadata()
        metadata.labels = ["a", "b"]
        let file = try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "test")
        let store = store(Model(file, kernels: Kernels.all[0]))
        var restored = processor(Model(file))
        for outcome in store.restore(into: &restored, at: arrival).values {
            guard case .continuedOnOtherKernels = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(restored.stream(named: Array("s2".utf8))?.updates ?? 0 > 0)
        #expect(restored.changedCount == 3)
    }

    @Test("a hint is given again when a stream is first heard of, if it doesn't wait for an update")
    func hintAgain() {
        var generator = SplitMix(seed: 1)
        let model = TestModels.make(&generator, gateBias: -4)
        let routes = [BoundRoute(Route(match: StreamPattern("**"), model: "m", hints: true), model)]
        let sink = RecordingSink()
        var processor = StreamProcessor(sink: sink)
        processor.noteChanges()
        processor.install(routes)
        processor.process(block: [message("s", seq: 0)], arrival: arrival)
        let hint = sink.take().last { kind(of: $0) == "hint" }
        var store = MemoryStore()
        store.take(from: &processor)
        var restored = StreamProcessor(sink: sink)
        restored.noteChanges()
        restored.install(routes)
        store.restore(into: &restored, at: arrival)
        restored.process(block: [message("s", seq: 1)], arrival: arrival)
        #expect(sink.take() == [hint])
        restored.process(block: [message("s", seq: 2)], arrival: arrival)
        #expect(sink.take().isEmpty)
    }

    @Test("a record with any byte changed or cut off is refused", arguments: [false, true])
    func damage(hasStretch: Bool) {
        let store = store(model(), streams: 1, stretch: hasStretch ? 2 : nil)
        guard let record = store.records[0] else {
            Issue.record("nothing was stored")
            return
        }
        for index in record.indices {
            for bytes in [Array(record[..<index]), record.replacing(index, with: record[index] ^ 0x10)] {
                var restored = processor(model())
                let outcome = bytes.withUnsafeBytes { restored.restore($0, slot: 0, at: arrival) }
                guard case .damaged = outcome else {
                    Issue.record("byte \(index) of \(record.count): \(outcome)")
                    continue
                }
            }
        }
        // In another's place, too.
        var restored = processor(model())
        guard case .damaged = record.withUnsafeBytes({ restored.restore($0, slot: 1, at: arrival) }) else {
            Issue.record("a record was taken in another's place")
            return
        }
    }

    @Test("a stretch that is none is refused", arguments: [Float.nan, .infinity, 0.99, 0, -2])
    func stretch(_ value: Float) {
        var record = store(model(), streams: 1, stretch: 2).records[0] ?? []
        withUnsafeBytes(of: value.bitPattern.littleEndian) { record.replaceSubrange((record.count - 12)..<(record.count - 8), with: $0) }
        StreamRecord.seal(&record, slot: 0)
        var restored = processor(model())
        guard case .damaged = record.withUnsafeBytes({ restored.restore($0, slot: 0, at: arrival) }) else {
            Issue.record("\(value) was taken")
            return
        }
    }

    @Test("a record made up with a checksum that fits is refused or can be continued", arguments: [false, true])
    func hostile(hasStretch: Bool) {
        let store = store(model(), streams: 1, stretch: hasStretch ? 2 : nil)
        let record = store.records[0] ?? []
        var generator = SplitMix(seed: 11)
        var taken = 0
        let edges: [UInt64] = [0, 1, 19, 20, 21, 1 << 31, 1 << 53, 1 << 60, 1 << 63, .max, .max - 1, 0x7F80_0000, 0x8000_0000]
        for _ in 0..<4_000 {
            var bytes = record
            for _ in 0..<generator.number(1...3) {
                let offset = generator.number(0...(record.count - 9))
                // A number of two, four or eight bytes, where the layout may have one.
                let width = generator.pick([2, 4, 8])
                let value = generator.once(in: 3) ? generator.next() : generator.pick(edges)
                for byte in 0..<width { bytes[offset / width * width + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
            }
            StreamRecord.seal(&bytes, slot: 0)
            let sink = RecordingSink()
            var restored = processor(model(), sink, sequence: generator.pick([nil, 30]))
            let outcome = bytes.withUnsafeBytes { restored.restore($0, slot: 0, at: arrival) }
            if case .damaged = outcome { continue }
            taken += 1
            _ = restored.streams(prefix: [], from: 0, limit: 1) { _ in }
            let next = restored.stream(named: Array("s0".utf8))?.next ?? 0
            for seq in [next, next + 5, next + 200] { restored.process(block: [message("s0", seq: min(seq, 1 << 53 - 2), count: 2)], arrival: arrival) }
            _ = restored.streams(prefix: [], from: 0, limit: 1) { _ in }
        }
        #expect(taken > 20)
    }
}

extension [UInt8] {
    fileprivate func replacing(_ index: Int, with byte: UInt8) -> [UInt8] {
        var bytes = self
        bytes[index] = byte
        return bytes
    }
}
