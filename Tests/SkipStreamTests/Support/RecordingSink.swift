import SkipStream

/// Keeps what a processor publishes and drops.
final class RecordingSink: ResultSink {
    /// Each message as topic, a tab and body, in order.
    private(set) var lines: [String] = []
    /// The causes of messages that could not be used, in order.
    private(set) var drops: [DropCause] = []
    /// Topics that begin with one of these are wanted.
    var prefixes = ["result/", "hint/", "event/"]

    func wants(topic: UnsafeRawBufferPointer) -> Bool { prefixes.contains { topic.starts(with: Array($0.utf8)) } }

    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        lines.append(String(decoding: topic, as: UTF8.self) + "\t" + String(decoding: body, as: UTF8.self))
    }

    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) { drops.append(cause) }

    /// Takes the lines out.
    func take() -> [String] {
        defer { lines.removeAll() }
        return lines
    }
}

/// A topic's kind: `result`, `hint` or `event`.
func kind(of line: String) -> Substring { line.prefix { $0 != "/" } }

/// Lines sorted apart by topic, in order within each.
func byTopic(_ lines: [String]) -> [Substring: [String]] { Dictionary(grouping: lines) { $0.prefix { $0 != "\t" } } }
