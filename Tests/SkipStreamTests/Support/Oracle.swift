import SkipRNN
import SkipStream

/// All streams of a daemon as docs/wire.md describes them. Compare `OracleStream`.
struct Oracle {
    private(set) var streams: [String: OracleStream] = [:]
    private(set) var output = OracleStream.Output()
    private var routes: [BoundRoute] = []
    private var firstArrival: Int64?
    private var second: UInt32 = 0

    mutating func install(_ routes: [BoundRoute]) { self.routes = routes }

    /// Takes a message that is well formed.
    mutating func receive(_ message: TestMessage, arrival: Int64) {
        output.counters.messages += 1
        firstArrival = firstArrival ?? arrival
        second = max(second, UInt32(clamping: (arrival - (firstArrival ?? 0)) / 1_000_000_000))
        guard let current = routes.first(where: { $0.route.match.matches(Array(message.stream.utf8)) }) else {
            output.counters[.unknownRoute] += 1
            forget(message.stream)
            return
        }
        switch (current.route.encoding, message.form) {
        case (.float32, .jsonArray), (.float32, .jsonObject), (.json, .headerless):
            output.counters[.malformed] += 1
            return
        default: break
        }
        let features = current.model.architecture.inputSize
        guard message.timesteps.allSatisfy({ $0.count == features }) else {
            // A binary header gives no F: the payload is then of the wrong length. A headerless payload is, too, unless by chance.
            output.counters[message.form == .oneFrame || message.form == .binaryHeader || message.form == .headerless ? .malformed : .wrongFeatures] += 1
            return
        }
        var stream = streams[message.stream] ?? OracleStream(message.stream, current, first: message.seq ?? 0, boot: message.boot)
        if stream.bound.model !== current.model, current.route.switching == .reset { stream.change(to: current, second, &output) }
        stream.receive(message, current, arrival: arrival, second: second, &output)
        streams[message.stream] = stream
    }

    /// Counts a message that can't be used.
    mutating func receiveUnusable(_ cause: DropCause, _ frames: [[UInt8]]) {
        output.counters.messages += 1
        output.counters[cause] += 1
        if cause == .unknownRoute, let name = frames.first?.prefix(while: { $0 != 0 }) { forget(String(decoding: name, as: UTF8.self)) }
    }

    /// A stream that no route matches is gone with its next message.
    private mutating func forget(_ name: String) {
        guard streams.removeValue(forKey: name) != nil else { return }
        output.lines.append(#"event/\#(name)\#t{"stream":\#(quoted(name)),"event":"evicted","reason":"no route matches it since the reload"}"#)
    }

    mutating func takeLines() -> [String] {
        defer { output.lines.removeAll() }
        return output.lines
    }
}
