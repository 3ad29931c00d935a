import Foundation
import SkipRNN
import SkipStream
import TestSupport

/// A processor with one route, fed message by message with the timesteps of one stream.
struct Station: ~Copyable {
    let sink = RecordingSink()
    let model: Model
    var processor: StreamProcessor
    var stream = "a"
    var arrival: Int64 = 1_000_000_000_000

    /// Every fourth timestep of a sequence updates, unless another model is given.
    init(_ model: Model = TestModels.everyFourth, limits: StreamLimits = .init(), route change: (inout Route) -> Void = { _ in }) {
        self.model = model
        processor = StreamProcessor(sink: sink, limits: limits)
        install(change)
    }

    /// Puts a route for all streams in force, by default one that publishes each update.
    mutating func install(_ change: (inout Route) -> Void) {
        var route = Route(match: StreamPattern("**"), model: "m", emit: .update)
        change(&route)
        processor.install([BoundRoute(route, model)])
    }

    /// Sends one message, a second after the last; the value of a timestep depends on its index alone.
    /// - Returns: what was published.
    @discardableResult
    mutating func send(_ seq: UInt64?, count: Int = 1, boot: UInt32 = 0, start: Bool = false, end: Bool = false, value: Double? = nil, stream: String? = nil) -> [Published] {
        let timesteps = (0..<count).map { index in
            (0..<model.architecture.inputSize).map { value ?? Double(Float.random(in: -1...1, seed: (seq ?? 0) + UInt64(index), $0)) }
        }
        return send(TestMessage(stream: stream ?? "a", form: .oneFrame, timesteps: timesteps, seq: seq, boot: boot, start: start, end: end).frames)
    }

    /// Sends one message.
    @discardableResult
    mutating func send(_ frames: [[UInt8]]) -> [Published] {
        arrival += 1_000_000_000
        processor.process(block: [frames], arrival: arrival)
        return sink.take().map(Published.init)
    }

    /// What is known of the stream `a`, but for how long it has been silent.
    var status: StreamStatus? {
        var status = processor.stream(named: Array("a".utf8))
        status?.idleSeconds = 0
        return status
    }
}

extension Float {
    /// A number that depends on its arguments alone.
    static func random(in range: ClosedRange<Float>, seed: UInt64, _ index: Int) -> Float {
        var generator = SplitMix(seed: seed << 8 | UInt64(index))
        return generator.float(range)
    }
}

/// A published message, its body read as JSON.
struct Published: CustomStringConvertible {
    let kind: String
    let stream: String
    let fields: [String: Any]
    let description: String

    init(_ line: String) {
        description = line
        let parts = line.split(separator: "\t", maxSplits: 1)
        kind = String(parts[0].prefix { $0 != "/" })
        stream = String(parts[0].dropFirst(kind.count + 1))
        fields = (try? JSONSerialization.jsonObject(with: Data(parts[1].utf8))) as? [String: Any] ?? [:]
    }

    var event: String? { fields["event"] as? String }
    var seq: Int? { fields["seq"] as? Int }
    var isFinal: Bool { fields["final"] as? Bool ?? false }
    var n: Int? { fields["n"] as? Int }
    var updates: Int? { fields["updates"] as? Int }
    var timesteps: Int? { fields["timesteps"] as? Int }
    /// In short: `3` for the result of timestep 3, `3!` for a final one, `→8` for a hint, an event's name for an event, with its range.
    var short: String {
        switch kind {
        case "result": "\(seq ?? -1)" + (isFinal ? "!" : "")
        case "hint": "→\(fields["next_seq"] as? Int ?? -1)"
        default: (event ?? "?") + (event == "lost" ? " \(fields["from"] as? Int ?? -1)–\(fields["to"] as? Int ?? -1)" : "")
        }
    }
}

extension [Published] {
    var short: [String] { map(\.short) }
}
