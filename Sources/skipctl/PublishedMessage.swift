import SkipConfiguration

/// One message that skipd published: a result, a hint or an event.
struct PublishedMessage {
    enum Kind: String, CaseIterable {
        case result, hint, event
        /// What its topics begin with, before the stream's name.
        var prefix: String { rawValue + "/" }
    }

    let kind: Kind
    let topic: String
    let stream: String
    /// The line as it came.
    let json: String
    let body: JSONValue

    /// Takes a message's two frames apart; nil where it is none of skipd's.
    init?(_ frames: [[UInt8]]) {
        guard frames.count == 2, let topic = String(validating: frames[0], as: UTF8.self), let json = String(validating: frames[1], as: UTF8.self),
              let kind = Kind.allCases.first(where: { topic.hasPrefix($0.prefix) }), let body = JSONValue(frames[1])
        else { return nil }
        self.kind = kind
        self.topic = topic
        self.json = json
        self.body = body
        stream = String(topic.dropFirst(kind.prefix.count))
    }

    /// A field for a template; nil where the message hasn't got it.
    func field(_ name: String) -> String? {
        switch name {
        case "kind": kind.rawValue
        case "topic": topic.printable
        case "json": json
        case "stream": stream.printable
        case "rate": updateRate
        default: body[name]?.plain
        }
    }

    /// The share of the sequence's timesteps that were read so far.
    var updateRate: String? {
        guard let updates = body["updates"]?.integer, let timesteps = body["timesteps"]?.integer else { return nil }
        return percentage(updates, of: timesteps)
    }

    /// For people, one line.
    func line(_ palette: Palette) -> String {
        let name = palette.bold(stream.printable)
        switch kind {
        case .result:
            // 2026-11-22T23:00:00.123456789Z: milliseconds are enough for the eye.
            let time = body["time"]?.string.map { ($0.count == 30 ? $0.prefix(23) + "Z" : $0).printable } ?? ""
            var outcome = ""
            if let label = body["label"]?.string {
                outcome = palette.label(label) + " " + (body["p"]?.double.map { decimal($0, 3) } ?? "")
            } else if let values = body["value"]?.array {
                outcome = values.map(\.plain).joined(separator: " ")
            }
            let count = "\(body["updates"]?.plain ?? "?")/\(body["timesteps"]?.plain ?? "?") read (\(updateRate ?? "–"))"
            return "\(palette.faint(time))  \(name)  \(outcome)  \(count)\(body["final"]?.bool == true ? "  final" : "")"
        case .hint:
            return "\(name)  nothing is read before \(body["next_seq"]?.plain ?? "?")"
        case .event:
            let details = (body.members ?? []).filter { $0.key != "stream" && $0.key != "event" }.map { "\($0.key.printable) \($0.value.plain)" }
            return "\(name)  \(palette.red(body["event"]?.plain ?? "?"))  \(details.joined(separator: ", "))"
        }
    }
}
