import SkipRNN
import SkipStream

// Targets that go through the stream processor: what devices send, and what the store gives back.

/// Takes results and looks at them no further than that they are there.
private final class Sink: ResultSink {
    func wants(topic: UnsafeRawBufferPointer) -> Bool { true }
    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        precondition(body.first == UInt8(ascii: "{") && body.last == UInt8(ascii: "}"), "what is published is an object")
    }
    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) {}
}

/// A small model whose weights are anything.
private let model: Model = {
    let architecture = Architecture(cell: .skipGRU, inputSize: 2, hiddenSizes: [3], outputSize: 2)
    var (tensors, word): ([String: ModelFile.Tensor], UInt32) = ([:], 1)
    for parameter in architecture.parameters where !parameter.isOptional {
        let values = (0..<parameter.shape.reduce(1, *)).map { _ in
            word = word &* 1_664_525 &+ 1_013_904_223
            return Float(word >> 8) * 0x1p-23 - 1
        }
        tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: values)
    }
    tensors["state_update_gate.bias"]?.values = [-2]
    var metadata = ModelMetadata()
    metadata.labels = ["a", "b"]
    metadata.sampleRate = 50
    guard let file = try? ModelFile(architecture, metadata: metadata, tensors: tensors, file: "fuzz") else { fatalError("the model does not fit its architecture") }
    return Model(file)
}()

private func route(_ match: String, _ encoding: PayloadEncoding = .float32, _ emit: EmitRule = .update, gap: GapRule = .hold, sequence: UInt64? = nil) -> BoundRoute {
    BoundRoute(Route(match: StreamPattern(match), model: "m", encoding: encoding, emit: emit, probabilities: true, hints: true, gap: gap, sequence: sequence), model)
}

private let routes = [
    route("j/**", .json, .every(3), sequence: 7), route("g/*", .float32, .change(minimumProbability: 0.4, hold: 2), gap: .reset), route("**"),
]

/// A processor with the fuzzer's routes and room for few streams.
private func makeProcessor() -> StreamProcessor {
    var processor = StreamProcessor(sink: Sink())
    processor.noteChanges()
    processor.install(routes)
    processor.limits.maximumStreams = 4
    return processor
}

/// Messages one after the other, each in the form and of the lengths that the bytes before it say, among them reloads, resets and restarts.
///
///     u8 what · for messages: u8 frames, u8 length of each, the frames
func fuzzMessages(_ input: UnsafeRawBufferPointer) {
    var processor = makeProcessor()
    var rest = input[...]
    var arrival: Int64 = 1_790_000_000_000_000_000
    func byte() -> Int { Int(rest.popFirst() ?? 0) }
    func frame() -> UnsafeRawBufferPointer {
        let length = min(byte(), rest.count)
        defer { rest = rest.dropFirst(length) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(length))
    }
    while !rest.isEmpty {
        arrival += 300_000_000
        switch byte() & 15 {
        case 0: processor.install(rest.first == 1 ? Array(routes.reversed()) : routes)
        case 1: _ = processor.reset(prefix: [], from: 0, limit: 10)
        case 2: _ = processor.streams(prefix: [], from: 0, limit: 10) { _ in }
        case 3: processor = restarted(&processor, at: arrival)
        default:
            let count = byte() & 3
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            let frames = (0..<count).map { _ in frame() } + [none, none, none]
            withUnsafePointer(to: IncomingMessage(frames[0], frames[1], frames[2], frameCount: count)) {
                processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: arrival)
            }
        }
    }
}

/// Another processor with the same streams, by way of their records.
private func restarted(_ processor: inout StreamProcessor, at time: Int64) -> StreamProcessor {
    processor.beginCheckpoint()
    var slice = CheckpointSlice()
    while processor.takeChanges(limit: 1, into: &slice) {}
    processor.endCheckpoint(isStored: true)
    var restored = makeProcessor()
    slice.forEach { slot, record in
        guard let record else { return }
        if case .damaged(let reason) = restored.restore(record, slot: slot, at: time) { fatalError("a record that was written is refused: \(reason)") }
    }
    return restored
}

/// One JSON header, and one JSON payload.
func fuzzJSON(_ input: UnsafeRawBufferPointer) {
    var processor = makeProcessor()
    let payload = [UInt8](repeating: 0, count: 8)
    let names: [[UInt8]] = [Array("s".utf8), Array("j/s".utf8)]
    names[0].withUnsafeBytes { name in
        payload.withUnsafeBytes { payload in
            withUnsafePointer(to: IncomingMessage(name, input, payload, frameCount: 3)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: 0) }
        }
    }
    names[1].withUnsafeBytes { name in
        withUnsafePointer(to: IncomingMessage(name, input, frameCount: 2)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: 0) }
    }
}

/// A stored record whose checksum fits; one that is accepted goes on.
func fuzzRecord(_ input: UnsafeRawBufferPointer) {
    var record = Array(input)
    guard record.count >= 8 else { return }
    StreamRecord.seal(&record, slot: 0)
    var processor = makeProcessor()
    let time: Int64 = 1_790_000_000_000_000_000
    if case .damaged = record.withUnsafeBytes({ processor.restore($0, slot: 0, at: time) }) { return }
    var name: [UInt8] = []
    var next: UInt64 = 0
    _ = processor.streams(prefix: [], from: 0, limit: 10) { (name, next) = (Array($0.name.utf8), $0.next) }
    for gap in [0, 3, 1000] as [UInt64] {
        var message = name + [0, 0x53, 0x4B, 1, 8, 0, 0, 1, 0]
        next = min(next + gap, 1 << 53 - 1)
        withUnsafeBytes(of: next.littleEndian) { message += $0 }
        message += [UInt8](repeating: 0, count: 16 + 8)
        message.withUnsafeBytes { bytes in
            withUnsafePointer(to: IncomingMessage(bytes, frameCount: 1)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: time) }
        }
    }
    _ = processor.streams(prefix: [], from: 0, limit: 10) { _ in }
}
