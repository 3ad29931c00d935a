// Targets that go through the stream processor: what devices send, and what a store or another daemon gives back.
import SkipRNN
import SkipStream

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

private func route(_ match: String, _ change: (inout Route) -> Void = { _ in }) -> Route {
    var route = Route(match: StreamPattern(match), model: "m", emit: .update, probabilities: true, hints: true)
    change(&route)
    return route
}

/// A route of each kind: the first letter of a name chooses.
private let routes = [
    BoundRoute(route("j/**") { ($0.encoding, $0.emit, $0.sequence) = (.json, .every(3), 7) }, model),
    BoundRoute(route("g/*") { ($0.emit, $0.gap, $0.stretch, $0.switching) = (.change(minimumProbability: 0.4, hold: 2), .reset, 3, .reset) }, model),
    BoundRoute(route("u/*") { ($0.emit, $0.maxUpdates, $0.budget) = (.end, UpdateBound(count: 2, timesteps: 9), .updatesPerSecond(2)) }, model),
    BoundRoute(route("s/*") { ($0.shadow, $0.sequence, $0.switching) = (Shadow(model: "n", share: 0.5), 5, .carry) }, model, shadow: model),
    BoundRoute(route("**"), model),
]

/// Origins 1 and 2 may publish something.
private let grants = PublishGrants(byOrigin: [[], [StreamPattern("g/*")], [StreamPattern("**")]])

/// A processor with these routes and room for few streams.
private func makeProcessor() -> StreamProcessor {
    var processor = StreamProcessor(sink: Sink())
    processor.noteChanges()
    processor.install(routes)
    processor.install(grants)
    processor.limits.maximumStreams = 4
    return processor
}

private let start: Int64 = 1_790_000_000_000_000_000

/// Messages one after the other, of the lengths that the bytes before each say, among them reloads, resets, restarts and what else operators do.
///
///     u8 what · for messages: u8 frames (low two bits) and origin (next two), u8 length of each frame, the frames
///
/// A message whose `what` has the high bit waits for the next one and is worked off in a block with it.
func fuzzMessages(_ input: UnsafeRawBufferPointer) -> Bool {
    var processor = makeProcessor()
    var rest = input[...]
    var (arrival, sent, isAny) = (start, 0 as UInt64, false)
    var block: [IncomingMessage] = []
    // Each builds tables anew, which takes as long as many messages: an input of nothing else would teach nothing and take a hundred times as long.
    var rebuilds = 0
    func byte() -> Int { Int(rest.popFirst() ?? 0) }
    func frame() -> UnsafeRawBufferPointer {
        let length = min(byte(), rest.count)
        defer { rest = rest.dropFirst(length) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(length))
    }
    while !rest.isEmpty {
        arrival += 300_000_000
        let what = byte()
        if [0, 3, 6].contains(what & 15) {
            rebuilds += 1
            if rebuilds > 6 { continue }
        }
        switch what & 15 {
        case 0: processor.install(byte() == 1 ? Array(routes.reversed()) : routes)
        case 1: _ = processor.reset(prefix: [], from: 0, limit: 10)
        case 2: _ = processor.streams(prefix: [], from: 0, limit: 10) { _ in }
        case 3:
            processor = restarted(&processor, at: arrival)
            sent = 0
        case 4: _ = processor.setStretch(Float(byte() + 1), ofRoute: "g/*")
        case 5: _ = processor.promote(route: "s/*")
        case 6:
            processor = moved(&processor, at: arrival)
            sent = 0
        default:
            let form = byte()
            let count = form & 3
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            let frames = (0..<count).map { _ in frame() } + [none, none, none]
            var message = IncomingMessage(frames[0], frames[1], frames[2], frameCount: count)
            message.origin = UInt32(form >> 2 & 3)
            block.append(message)
            if what & 0x80 != 0, block.count < StreamProcessor.blockSize, !rest.isEmpty { continue }
            block.withUnsafeBufferPointer { processor.process($0, arrival: arrival) }
            sent += UInt64(block.count)
            block.removeAll(keepingCapacity: true)
            precondition(processor.counters.messages == sent, "a message is counted twice or not at all")
            precondition(processor.streamCount <= processor.limits.maximumStreams, "there are more streams than may be")
            isAny = isAny || tookAny(processor)
        }
    }
    return isAny
}

/// Whether any timestep was taken.
private func tookAny(_ processor: borrowing StreamProcessor) -> Bool { processor.counters.updated + processor.counters.skipped > 0 }

/// Another processor with the same streams, by way of the store's records.
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

/// Another processor with the same streams, by way of export and import.
private func moved(_ processor: inout StreamProcessor, at time: Int64) -> StreamProcessor {
    var other = makeProcessor()
    for stream in processor.export(prefix: [], from: 0, limit: 10).streams {
        if case (nil, .refused(let reason)) = stream.record.withUnsafeBytes({ other.importStream($0, at: time) }) { fatalError("a record that was exported is refused: \(reason)") }
    }
    return other
}

/// One JSON header, and one JSON payload.
func fuzzJSON(_ input: UnsafeRawBufferPointer) -> Bool {
    var processor = makeProcessor()
    let payload = [UInt8](repeating: 0, count: 8)
    let names = (header: Array("s".utf8), payload: Array("j/s".utf8))
    names.header.withUnsafeBytes { name in
        payload.withUnsafeBytes { payload in
            withUnsafePointer(to: IncomingMessage(name, input, payload, frameCount: 3)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: start) }
        }
    }
    names.payload.withUnsafeBytes { name in
        withUnsafePointer(to: IncomingMessage(name, input, frameCount: 2)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: start) }
    }
    return tookAny(processor)
}

/// A record of the store's and one of another daemon's, whose checksum, shard and model fit; one that is accepted goes on.
func fuzzRecord(_ input: UnsafeRawBufferPointer) -> Bool {
    var record = Array(input)
    // What lies behind these checks is what an attacker who can compute a checksum gets to.
    if record.count >= 120 {
        let name = record[112..<min(record.count - 8, 112 + Int(record[1]))]
        for (index, byte) in [UInt8(truncatingIfNeeded: shard(of: name)), UInt8(truncatingIfNeeded: shard(of: name) >> 8)].enumerated() { record[2 + index] = byte }
        if record[96..<104].allSatisfy({ $0 == 0 }) {
            let identity = UInt64(model.identity, radix: 16) ?? 0
            for index in 0..<8 { record[96 + index] = UInt8(truncatingIfNeeded: identity >> (8 * UInt64(index))) }
        }
    }
    var isAny = false
    for slot in [0, UInt32.max] {
        if record.count >= 8 { StreamRecord.seal(&record, slot: slot) }
        var processor = makeProcessor()
        record.withUnsafeBytes {
            if slot == 0 { _ = processor.restore($0, slot: 0, at: start) } else { _ = processor.importStream($0, at: start) }
        }
        goOn(&processor)
        isAny = isAny || tookAny(processor)
    }
    return isAny
}

/// Sends the one stream of a processor some of what comes next.
private func goOn(_ processor: inout StreamProcessor) {
    var (name, next): ([UInt8], UInt64) = ([], 0)
    _ = processor.streams(prefix: [], from: 0, limit: 10) { (name, next) = (Array($0.name.utf8), $0.next) }
    guard !name.isEmpty else { return }
    for gap in [0, 3, 1000] as [UInt64] {
        var message = name + [0, 0x53, 0x4B, 1, 8, 0, 0, 1, 0]
        next = min(next + gap, 1 << 53 - 1)
        withUnsafeBytes(of: next.littleEndian) { message += $0 }
        message += [UInt8](repeating: 0, count: 16 + 8)
        message.withUnsafeBytes { bytes in
            withUnsafePointer(to: IncomingMessage(bytes, frameCount: 1)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: start) }
        }
    }
    _ = processor.streams(prefix: [], from: 0, limit: 10) { _ in }
}
