import SkipRNN

/// What a demo has seen so far: the results of the streams that it plays, and what they add up to.
struct DemoTally {
    /// By stream, the class that its recording shows.
    private let expected: [String: String]
    /// Of sequences that have ended.
    private(set) var timesteps = 0
    private(set) var updates = 0
    private(set) var sequences = 0
    private(set) var correct = 0
    /// By stream, of the sequence that is open: as of its last result.
    private var open: [String: (timesteps: Int, updates: Int)] = [:]

    init(expected: [String: String]) { self.expected = expected }

    /// Notes a result of one of the streams.
    mutating func note(_ message: PublishedMessage) {
        guard message.kind == .result, let expected = expected[message.stream], let timesteps = message.body["timesteps"]?.integer, let updates = message.body["updates"]?.integer else { return }
        guard message.body["final"]?.bool == true else {
            open[message.stream] = (timesteps, updates)
            return
        }
        open[message.stream] = nil
        self.timesteps += timesteps
        self.updates += updates
        sequences += 1
        if message.body["label"]?.string == expected { correct += 1 }
    }

    /// Timesteps and updates of all that has been heard of.
    private var running: (timesteps: Int, updates: Int) {
        open.values.reduce((timesteps, updates)) { ($0.0 + $1.timesteps, $0.1 + $1.updates) }
    }

    /// A result for people, one line.
    func line(_ message: PublishedMessage, seconds: Double, _ palette: Palette) -> String {
        let label = message.body["label"]?.string ?? "?"
        let isFinal = message.body["final"]?.bool == true
        let mark = isFinal ? (label == expected[message.stream] ? palette.green("right") : palette.red("wrong")) : "     "
        let running = running
        return [
            "\(decimal(seconds, 1).leftPadded(to: 5)) s", message.stream.padded(to: 12), palette.label(label, text: label.padded(to: 5)),
            (message.body["p"]?.double.map { decimal($0, 2) } ?? "").leftPadded(to: 4), mark,
            "\(message.body["updates"]?.plain ?? "?")/\(message.body["timesteps"]?.plain ?? "?")".leftPadded(to: 8),
            percentage(running.updates, of: running.timesteps).leftPadded(to: 12),
        ].joined(separator: "  ")
    }

    /// What stands above the lines.
    static let heading = ["time".padded(to: 7), "stream".padded(to: 12), "label", "   p", "     ", "    read", " update rate"].joined(separator: "  ")

    /// What it all came to.
    func summary(_ palette: Palette) -> [String] {
        [
            palette.bold("accuracy:            ") + "\(percentage(correct, of: sequences)): \(correct) of \(sequences) sequences classified as what was done",
            palette.bold("timesteps:           ") + grouped(timesteps),
            palette.bold("updates:             ") + grouped(updates),
            palette.bold("update rate:         ") + percentage(updates, of: timesteps),
            palette.bold("never computed:      ") + "\(percentage(timesteps - updates, of: timesteps)) of all timesteps: not read, not decoded, no arithmetic",
        ]
    }

    func object() -> JSONObject {
        var object = JSONObject()
        object.add("summary", true)
        object.add("accuracy", sequences == 0 ? 0 : Double(correct) / Double(sequences))
        object.add("sequences", sequences)
        object.add("correct", correct)
        object.add("timesteps", timesteps)
        object.add("updates", updates)
        object.add("update_rate", timesteps == 0 ? 0 : Double(updates) / Double(timesteps))
        return object
    }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
