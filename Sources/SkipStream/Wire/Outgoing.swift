import SkipRNN

/// What a result says. See `docs/wire.md` for the fields.
struct StreamResult {
    var number: UInt64
    var timestep: UInt64
    var time: Int64
    var updates: UInt64
    var timesteps: UInt64
    var isFinal: Bool
}

/// The buffers in which outgoing messages are written, reused from message to message.
struct Outgoing {
    private(set) var topic: [UInt8] = []
    private(set) var body: [UInt8] = []
    /// The time last written, and its text: the results of a block mostly have one time.
    private var time: Int64?
    private var timeText: [UInt8] = []

    init() {
        topic.reserveCapacity(512)
        body.reserveCapacity(4096)
        timeText.reserveCapacity(64)
    }

    /// Begins a message on `prefix` + the stream's name.
    mutating func begin(_ prefix: StaticString, _ name: UnsafeRawBufferPointer) {
        topic.removeAll(keepingCapacity: true)
        topic.append(contentsOf: UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        topic.append(contentsOf: name)
        body.removeAll(keepingCapacity: true)
    }

    /// Writes a result; the group's outputs are those of the stream, `best` the class they make most probable.
    mutating func write(_ result: StreamResult, stream: UnsafeRawBufferPointer, route: UnsafePointer<ActiveRoute>, best: ModelGroup.Best) {
        write("{\"stream\":")
        body.appendJSON(utf8: stream)
        write(",\"model\":")
        body.append(contentsOf: route.pointee.modelName)
        write(",\"n\":", result.number)
        write(",\"seq\":", result.timestep)
        write(",\"time\":\"")
        if time != result.time {
            time = result.time
            timeText.removeAll(keepingCapacity: true)
            timeText.append(timestamp: result.time)
        }
        body.append(contentsOf: timeText)
        write("\"")
        let group = route.pointee.group
        let outputs = group.outputs[..<group.model.architecture.outputSize]
        if group.model.architecture.task == .classification {
            write(",\"label\":")
            body.append(contentsOf: group.labels[best.label])
            write(",\"index\":", UInt64(best.label))
            write(",\"p\":")
            write(number: best.probability)
            if route.pointee.route.probabilities {
                write(",\"probs\":")
                write(numbers: outputs)
            }
        } else {
            write(",\"value\":")
            write(numbers: outputs)
        }
        write(",\"updates\":", result.updates)
        write(",\"timesteps\":", result.timesteps)
        write(result.isFinal ? ",\"final\":true}" : "}")
    }

    /// Writes a hint: no timestep before `nextTimestep` will be read.
    mutating func writeHint(stream: UnsafeRawBufferPointer, boot: UInt32, nextTimestep: UInt64) {
        write("{\"stream\":")
        body.appendJSON(utf8: stream)
        write(",\"boot\":", UInt64(boot))
        write(",\"next_seq\":", nextTimestep)
        write("}")
    }

    /// Writes an event with what is particular to it.
    mutating func write(_ event: StreamEvent, stream: UnsafeRawBufferPointer) {
        write("{\"stream\":")
        body.appendJSON(utf8: stream)
        switch event {
        case .lost(let from, let to):
            write(",\"event\":\"lost\",\"from\":", from)
            write(",\"to\":", to)
        case .reset(let reason):
            write(",\"event\":\"reset\",\"reason\":\"")
            write(reason)
            write("\"")
        case .evicted(let reason):
            write(",\"event\":\"evicted\",\"reason\":\"")
            write(reason)
            write("\"")
        case .rejected(let timestep, let reason):
            write(",\"event\":\"rejected\",\"seq\":", timestep)
            write(",\"reason\":\"")
            write(reason)
            write("\"")
        }
        write("}")
    }

    private mutating func write(_ text: StaticString) {
        body.append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func write(_ key: StaticString, _ value: UInt64) {
        write(key)
        body.append(decimal: Int64(value))
    }

    /// The shortest text that reads back as the same Float32; JSON has none for what is not finite.
    private mutating func write(number: Float) {
        guard number.isFinite else { return write("null") }
        // Up to 15 bytes, which a String holds without allocating.
        var text = number.description
        text.withUTF8 { body.append(contentsOf: $0) }
    }

    private mutating func write(numbers: some Sequence<Float>) {
        write("[")
        var isFirst = true
        for number in numbers {
            if !isFirst { write(",") }
            isFirst = false
            write(number: number)
        }
        write("]")
    }
}

/// What happened to a stream that its subscribers may want to know. The timesteps `from` … `to` − 1 are meant by a range.
enum StreamEvent {
    case lost(from: UInt64, to: UInt64)
    case reset(StaticString)
    case evicted(StaticString)
    case rejected(UInt64, StaticString)

    /// What a stream notes when it has published one of the kind; nothing where it can happen only once.
    var flag: StreamSlot.Flags {
        switch self {
        case .lost: .toldLost
        case .reset: .toldReset
        case .rejected: .toldRejected
        case .evicted: []
        }
    }
}
