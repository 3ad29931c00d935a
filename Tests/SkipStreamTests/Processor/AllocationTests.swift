import CAllocationCounter
import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("The sample path allocates nothing")
struct AllocationTests {
    /// Wants all or nothing, keeps nothing.
    private final class Wanting: ResultSink {
        let isWanting: Bool
        var published = 0
        init(_ isWanting: Bool) { self.isWanting = isWanting }
        func wants(topic: UnsafeRawBufferPointer) -> Bool { isWanting }
        func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) { published += 1 }
        func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) {}
    }

    @Test("the counter counts")
    func counter() {
        let before = allocation_count()
        let array = [Int](repeating: 1, count: Int.random(in: 100...200))
        #expect(array.count >= 100)
        #expect(!allocation_counting() || allocation_count() > before)
    }

    /// The allocations of so many messages in steady state, each of one timestep, among 100 streams.
    private func allocations(
        messages: Int, model: Model, form: TestMessage.Form = .oneFrame, isWanted: Bool, route change: (inout Route) -> Void = { _ in }, value: (Int) -> Double = { Double($0 % 3) / 4 }
    ) -> (allocations: Int, counters: Counters, published: Int) {
        let sink = Wanting(isWanted)
        var processor = StreamProcessor(sink: sink)
        var route = Route(match: StreamPattern("**"), model: "m", encoding: form == .jsonArray ? .json : .float32, emit: .update)
        change(&route)
        processor.install([BoundRoute(route, model)])
        // The same 100 messages, with seq written over: blocks of 50, of which each stream has one.
        let streams = 100
        var buffers: [[UnsafeMutableRawBufferPointer]] = []
        for index in 0..<streams {
            let timestep = (0..<model.architecture.inputSize).map { value(index + $0) }
            let message = TestMessage(stream: "plant/pump\(index)" + (index % 2 == 0 ? "" : "/with a long name"), form: form, timesteps: [timestep], seq: 0, ts: 5, boot: 1).normalized
            buffers.append(message.frames.map { frame in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count, alignment: 8)
                buffer.copyBytes(from: frame)
                return buffer
            })
        }
        defer { for buffer in buffers.joined() { buffer.deallocate() } }
        let blocks = stride(from: 0, to: streams, by: 50).map { start in
            (start..<(start + 50)).map { index in
                let frames = buffers[index].map { UnsafeRawBufferPointer($0) }
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                return IncomingMessage(frames[0], frames.count > 1 ? frames[1] : none, frames.count > 2 ? frames[2] : none, frameCount: frames.count)
            }
        }
        func send(_ seq: UInt64) {
            for block in blocks { block.withUnsafeBufferPointer { processor.process($0, arrival: Int64(seq) * 10_000_000) } }
            for frames in buffers {
                if form == .oneFrame, let zero = frames[0].firstIndex(of: 0) { frames[0].storeBytes(of: (seq + 1).littleEndian, toByteOffset: zero + 9, as: UInt64.self) }
                if form == .binaryHeader { frames[1].storeBytes(of: (seq + 1).littleEndian, toByteOffset: 8, as: UInt64.self) }
            }
        }
        let warmUp: UInt64 = 20
        for seq in 0..<warmUp { send(seq) }
        let before = allocation_count()
        for seq in warmUp..<(warmUp + UInt64(messages / streams)) { send(seq) }
        return (Int(allocation_count() - before), processor.counters, sink.published)
    }

    @Test("on a hundred thousand skipped timesteps", arguments: [TestMessage.Form.oneFrame, .binaryHeader, .headerless], [true, false])
    func skipped(form: TestMessage.Form, isWanted: Bool) {
        var generator = SplitMix(seed: 1)
        let model = TestModels.make(&generator, gateBias: -30, gateWeight: 0...0)
        let (allocations, counters, _) = allocations(messages: 100_000, model: model, form: form, isWanted: isWanted) { $0.emit = .change() }
        #expect(counters.skipped >= 100_000 && counters.updated == 100)
        #expect(allocations == 0)
    }

    @Test("on ten thousand updates, under every rule, with results wanted and not", arguments: Architecture.Cell.allCases, [true, false])
    func updated(cell: Architecture.Cell, isWanted: Bool) {
        for (index, rule) in [EmitRule.update, .change(minimumProbability: 0.1, hold: 1), .end, .every(3)].enumerated() {
            var generator = SplitMix(seed: UInt64(index))
            let model = TestModels.make(&generator, cell: cell, layers: [17, 9], features: 3, outputs: 6, gateBias: 9) { $0.sampleRate = 50 }
            let (allocations, counters, published) = allocations(messages: 10_000, model: model, isWanted: isWanted) {
                ($0.emit, $0.probabilities, $0.hints, $0.sequence) = (rule, true, true, 7)
            }
            #expect(counters.updated >= 10_000 && (published > 10_000) == isWanted)
            #expect(allocations == 0, "\(rule), layer norm \(model.architecture.layerNorm)")
        }
    }

    @Test("on rejected timesteps and their events")
    func rejected() {
        var generator = SplitMix(seed: 1)
        let model = TestModels.make(&generator, gateBias: 9)
        let (allocations, counters, published) = allocations(messages: 10_000, model: model, isWanted: true, value: { _ in .nan })
        #expect(counters.rejected >= 10_000 && published > 0)
        #expect(allocations == 0)
    }

    @Test("on payloads of JSON")
    func json() {
        let model = TestModels.everyFourth
        let (allocations, counters, _) = allocations(messages: 10_000, model: model, form: .jsonArray, isWanted: true)
        #expect(counters.updated + counters.skipped >= 10_000)
        #expect(allocations == 0)
    }
}
