import Glibc
import SkipRNN
import SkipStream

/// One stream as docs/wire.md describes it, in the plainest way: one timestep after the other, missing ones included.
///
/// Written from the text alone, without a look at the processor: only the cell's and the gate's arithmetic are SkipRNN's.
struct OracleStream {
    let name: String
    /// The route whose options hold until the next update.
    var bound: BoundRoute
    var next: UInt64
    var boot: UInt32
    private var sequenceStart: UInt64
    private var state: [Float]
    private var gate = GateState.start
    private var skippedInRow = 0
    /// Timesteps read since the sequence began.
    private var read: [UInt64] = []
    /// The route in force.
    private var current: BoundRoute
    private var updates: UInt64 = 0
    private var lastReadTime: Int64 = 0
    private var results: UInt64 = 0
    private var publishedLabel: Int?
    private var candidateLabel: Int?
    private var streak = 0
    private var eventSeconds: [String: UInt32] = [:]

    /// Where lines and counts go.
    struct Output {
        var lines: [String] = []
        var counters = Counters()
    }

    init(_ name: String, _ bound: BoundRoute, first: UInt64, boot: UInt32) {
        self.name = name
        self.bound = bound
        current = bound
        self.boot = boot
        next = first
        sequenceStart = first
        state = bound.model.initialState
    }

    private mutating func begin(at timestep: UInt64) {
        (next, sequenceStart) = (timestep, timestep)
        state = bound.model.initialState
        gate = .start
        read = []
        (skippedInRow, updates, candidateLabel, streak) = (0, 0, nil, 0)
    }

    /// Another model: everything begins anew.
    mutating func change(to bound: BoundRoute, _ second: UInt32, _ output: inout Output) {
        self.bound = bound
        current = bound
        begin(at: next)
        publishedLabel = nil
        event("reset", #""reason":"its model changed""#, second, &output)
    }

    /// Takes a message whose timesteps fit the model. `current` is the route in force.
    mutating func receive(_ message: TestMessage, _ current: BoundRoute, arrival: Int64, second: UInt32, _ output: inout Output) {
        self.current = current
        let count = UInt64(message.timesteps.count)
        let first = message.seq ?? next
        if first + count > 1 << 53 {
            output.counters.stale += count
            return
        }
        if message.boot != 0, message.boot != boot {
            boot = message.boot
            begin(at: first)
            event("reset", #""reason":"the device restarted""#, second, &output)
        } else if message.boot == 0, message.seq == 0, next > 0 {
            begin(at: 0)
            event("reset", #""reason":"the device began again at 0""#, second, &output)
        } else if first < next {
            if first + count <= next {
                output.counters.stale += count
                return
            }
            output.counters.stale += next - first
        } else {
            passMissing(upTo: first, second, &output)
            if message.start { begin(at: first) }
        }
        if count == 0, message.end { close(&output) }
        for (index, timestep) in message.decoded.enumerated() where first + UInt64(index) >= next {
            // The model that reads a timestep says how long after the message's first one it is.
            func time(_ model: Model) -> Int64 {
                guard let ts = message.ts else { return arrival }
                guard index > 0, let rate = model.metadata.sampleRate else { return ts }
                return ts + Int64((Double(index) * 1e9 / rate).rounded())
            }
            pass(timestep, current, time: time, endsSequence: message.end && index + 1 == message.timesteps.count, givesHints: message.seq != nil && message.boot != 0, second, &output)
        }
    }

    private var isDue: Bool {
        if bound.model.architecture.cell.hasStateUpdateGate, let limit = bound.route.maxUpdates,
           read.count(where: { $0 + limit.timesteps > next }) >= limit.count { return false }
        return gate.isUpdateDue || bound.route.gateOptions(for: bound.model).maxSkip.map { skippedInRow >= $0 } == true
    }

    private var length: UInt64? { bound.route.sequenceLength(for: bound.model) }

    /// A bound that is new to the stream knows how many updates there were, and of the last one when: they count as read just then.
    private mutating func assumeRead(_ current: BoundRoute) {
        guard updates > 0, let limit = current.route.maxUpdates, let last = read.last else { return }
        read = Array(repeating: last, count: min(read.count, limit.count))
    }

    private mutating func pass(_ timestep: [Float], _ current: BoundRoute, time: (Model) -> Int64, endsSequence: Bool, givesHints: Bool, _ second: UInt32, _ output: inout Output) {
        var isUpdate = false
        if isDue {
            let carries = current.route.switching == .carry && bound.model.architecture == current.model.architecture
            if bound.model !== current.model, updates == 0 || carries {
                if !carries || bound.model.metadata.labels != current.model.metadata.labels { (publishedLabel, candidateLabel, streak) = (nil, nil, 0) }
                if updates == 0 { state = current.model.initialState }
                assumeRead(current)
                bound = current
            }
            let before = bound
            if bound.model === current.model {
                if bound.route.maxUpdates != current.route.maxUpdates { assumeRead(current) }
                bound = current
            }
            if update(timestep) {
                isUpdate = true
                lastReadTime = time(bound.model)
                read.append(next)
                output.counters.updated += 1
            } else {
                // No update: the options stay what they were, and this one stays due.
                bound = before
                output.counters.rejected += 1
                event("rejected", #""seq":\#(next),"reason":"a value is not finite or too large""#, second, &output)
            }
        } else {
            gate.skip()
            skippedInRow += 1
            output.counters.skipped += 1
        }
        next += 1
        let isFinal = endsSequence || length.map { next - sequenceStart >= $0 } == true
        if updates > 0, isResultDue(isUpdate) || isFinal { publish(isFinal, &output) }
        if isFinal { begin(at: next) }
        if isUpdate, bound.route.hints, givesHints { hint(&output) }
    }

    /// Timesteps that never came, as if they had been skipped; from the due one on they are lost.
    private mutating func passMissing(upTo timestep: UInt64, _ second: UInt32, _ output: inout Output) {
        var firstLost: UInt64?
        var regular: (next: UInt64, timesteps: UInt64)?
        while next < timestep {
            if isDue || firstLost != nil {
                firstLost = firstLost ?? next
                output.counters.lost += 1
            } else {
                gate.skip()
                skippedInRow += 1
                output.counters.omitted += 1
            }
            next += 1
            let isFinal = length.map { next - sequenceStart >= $0 } == true
            if updates > 0, isResultDue(false), !isFinal { regular = (next, next - sequenceStart) }
            if isFinal {
                // In a gap only the last of the regular results is published; then the sequence's final one.
                if let regular { publish(false, &output, at: regular.next) }
                regular = nil
                if updates > 0 { publish(true, &output) }
                begin(at: next)
            }
        }
        if let regular { publish(false, &output, at: regular.next) }
        guard let firstLost else { return }
        event("lost", #""from":\#(firstLost),"to":\#(timestep)"#, second, &output)
        if bound.route.gap == .reset {
            begin(at: timestep)
            event("reset", #""reason":"timesteps were lost""#, second, &output)
        }
    }

    private mutating func close(_ output: inout Output) {
        if updates > 0 { publish(true, &output) }
        begin(at: next)
    }

    /// Runs the cell on a timestep; false where a value is not finite.
    private mutating func update(_ timestep: [Float]) -> Bool {
        let workspace = Workspace(for: bound.model, streams: 1)
        for (index, value) in timestep.enumerated() { workspace.input(0)[index] = value }
        guard bound.model.normalize(workspace.input(0)) else { return false }
        var increment: Float = 0
        state.withUnsafeMutableBufferPointer { state in
            var address = state.baseAddress!
            bound.model.update(&address, streams: 1, increments: &increment, workspace)
        }
        gate.update(increment: bound.route.gateOptions(for: bound.model).stretched(increment))
        skippedInRow = 0
        updates += 1
        return true
    }

    private var outputs: [Float] {
        var outputs = [Float](repeating: 0, count: bound.model.logitsCapacity)
        bound.model.computeLogits(state, into: &outputs)
        outputs = Array(outputs[..<bound.model.architecture.outputSize])
        if bound.model.architecture.task == .classification { outputs.withUnsafeMutableBufferPointer { softmax($0) } }
        return outputs
    }

    /// The most probable label and its probability.
    private var best: (label: Int, probability: Float) {
        let outputs = outputs
        let label = outputs.indices.max { outputs[$0] < outputs[$1] || (outputs[$0] == outputs[$1] && $0 > $1) }!
        return (label, outputs[label])
    }

    private mutating func isResultDue(_ isUpdate: Bool) -> Bool {
        switch bound.route.emit {
        case .update: return isUpdate
        case .end: return false
        case .every(let count): return (next - sequenceStart) % count == 0
        case .change where bound.model.architecture.task == .regression:
            return isUpdate
        case .change(let minimumProbability, let hold):
            guard isUpdate else { return false }
            let best = best
            if best.label == publishedLabel || best.probability < minimumProbability {
                streak = 0
                return false
            }
            streak = best.label == candidateLabel ? streak + 1 : 1
            candidateLabel = best.label
            return streak >= hold
        }
    }

    private mutating func publish(_ isFinal: Bool, _ output: inout Output, at end: UInt64? = nil) {
        let end = end ?? next
        results += 1
        output.counters.results += 1
        if case .change = bound.route.emit, bound.model.architecture.task == .classification { (publishedLabel, streak) = (best.label, 0) }
        let numbers = "[" + outputs.map { "\($0)" }.joined(separator: ",") + "]"
        var text = #"{"stream":\#(quoted(name)),"model":\#(quoted(bound.route.model)),"n":\#(results),"seq":\#(end - 1),"time":"\#(rfc3339(lastReadTime))""#
        if bound.model.architecture.task == .classification {
            text += #","label":\#(quoted(bound.model.metadata.labels[best.label])),"index":\#(best.label),"p":\#(best.probability)"#
            if bound.route.probabilities { text += #","probs":\#(numbers)"# }
        } else {
            text += #","value":\#(numbers)"#
        }
        text += #","updates":\#(updates),"timesteps":\#(end - sequenceStart)\#(isFinal ? #","final":true"# : "")}"#
        output.lines.append("result/\(name)\t\(text)")
    }

    /// What lies before the next update, found by stepping.
    private mutating func hint(_ output: inout Output) {
        var ahead = self
        let limit = min(length.map { sequenceStart + $0 } ?? 1 << 53, 1 << 53)
        while ahead.next < limit, !ahead.isDue {
            // Stepping to 2⁵³ takes too long: where the sum stands still nothing will come.
            if ahead.next - next > 100_000 {
                ahead.next = limit
                break
            }
            ahead.gate.skip()
            ahead.skippedInRow += 1
            ahead.next += 1
        }
        var bound = ahead.next
        if let every = self.bound.route.hintEvery { bound = bound / every * every }
        output.lines.append(#"hint/\#(name)\#t{"stream":\#(quoted(name)),"boot":\#(boot),"next_seq":\#(bound)}"#)
    }

    /// One of a kind a second.
    private mutating func event(_ kind: String, _ rest: String, _ second: UInt32, _ output: inout Output) {
        guard eventSeconds[kind] != second else { return }
        eventSeconds[kind] = second
        output.lines.append(#"event/\#(name)\#t{"stream":\#(quoted(name)),"event":"\#(kind)",\#(rest)}"#)
    }
}

/// A string in JSON.
func quoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map { scalar in
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case _ where scalar.value < 32: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: String(scalar)
        }
    }.joined() + "\""
}

/// A time as the C library's calendar has it, with nine digits of the second.
func rfc3339(_ nanoseconds: Int64) -> String {
    var seconds = Int(nanoseconds / 1_000_000_000)
    var fraction = Int(nanoseconds % 1_000_000_000)
    if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + 1_000_000_000) }
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(value)".count)) + "\(value)" }
    return "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))T"
        + "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2)).\(digits(fraction, 9))Z"
}
