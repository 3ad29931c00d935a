import FoundationEssentials
import SkipConfiguration
import SkipStream

/// The picture: a head of six lines and one for each model, a line for each stream, a line of keys.
extension TopState {
    /// - Parameters:
    ///   - columns: nil for as wide as it gets.
    ///   - rows: nil for as high as it gets.
    func lines(columns: Int?, rows: Int?, _ palette: Palette) -> [String] {
        var lines = head(palette, columns: columns ?? 100).map { $0.text(columns, palette) }
        let room = rows.map { max(0, $0 - lines.count - 2) } ?? 20
        let shown = streams.prefix(room)
        let table = TopTable(shown, columns: columns ?? 100)
        lines.append(Line(table.heading, bold: true).text(columns, palette))
        for stream in shown { lines.append(table.line(stream, palette)) }
        guard let rows else { return lines }
        while lines.count < rows - 1 { lines.append("") }
        let keys = "q quit  order by " + TopOrder.allCases.map { $0 == order ? "[\($0.rawValue)\(isReversed ? " ↑" : "")]" : $0.rawValue }.joined(separator: " ")
        // A terminal of a few lines shows the first ones.
        return Array((lines.prefix(max(0, rows - 1)) + [Line(keys, faint: true).text(columns, palette)]).prefix(rows))
    }

    private struct Line {
        let content: String
        var bold = false, faint = false, red = false

        init(_ content: String, bold: Bool = false, faint: Bool = false, red: Bool = false) {
            (self.content, self.bold, self.faint, self.red) = (content, bold, faint, red)
        }

        func text(_ columns: Int?, _ palette: Palette) -> String {
            let text = columns.map { String(content.prefix($0)) } ?? content
            return bold ? palette.bold(text) : faint ? palette.faint(text) : red ? palette.red(text) : text
        }
    }

    private func head(_ palette: Palette, columns: Int) -> [Line] {
        guard let status else { return [] }
        func perSecond(_ value: (TopRates) -> Double) -> String { rates.map { grouped(Int(value($0).rounded())) + "/s" } ?? "–" }
        let share = rates?.updateRate.map { decimal(100 * $0, 1) + "%" } ?? "–"
        let checkpoint = status.checkpoint.flatMap(\.ageSeconds).map { "   checkpoint \(period($0)) ago" } ?? ""
        var lines = [
            trouble.map { Line($0, red: true) } ?? Line("skipd \(status.version), \(status.state), up \(period(status.uptimeSeconds))   \(Self.clock())", bold: true),
            Line("streams \(grouped(status.streams))   messages \(perSecond(\.messages))   timesteps \(perSecond(\.timesteps))   results \(perSecond(\.results))"),
            Line("lag \(decimal(status.lagSeconds, 3)) s   lost \(perSecond(\.lost))   dropped \(perSecond(\.dropped))\(checkpoint)", red: (rates?.dropped ?? 0) > 0),
        ]
        let title = "update rate \(share.leftPadded(to: 6)) "
        lines.append(Line(title + Self.spark(history.suffix(max(0, min(columns, 100) - title.count)))))
        for model in status.models.prefix(4) { lines.append(Line("model \(model.name): \(counted(model.streams, "stream")), \(counted(Int(model.updates), "update"))", faint: true)) }
        return lines + [Line("")]
    }

    /// A curve of shares in one line: each an eighth of the line's height, the highest one to the top.
    static func spark(_ shares: some Collection<Double>) -> String {
        let steps = Array("▁▂▃▄▅▆▇█")
        let top = max(shares.max() ?? 0, 0.01)
        return String(shares.map { steps[min(steps.count - 1, Int($0 / top * Double(steps.count)))] })
    }

    /// UTC, `14:02:11Z`.
    private static func clock() -> String { Date.now.formatted(.iso8601).split(separator: "T").last.map { String($0) } ?? "" }

    /// The same for programs.
    var object: JSONObject {
        var object = JSONObject()
        object.add("time", Double(wallClock()) / 1e9)
        if let status {
            object.add("streams", status.streams)
            object.add("lag_s", status.lagSeconds)
        }
        if let rates {
            object.add("messages_per_s", rates.messages)
            object.add("timesteps_per_s", rates.timesteps)
            object.add("updates_per_s", rates.updates)
            object.add("results_per_s", rates.results)
            object.add("lost_per_s", rates.lost)
            object.add("dropped_per_s", rates.dropped)
            if let share = rates.updateRate { object.add("update_rate", share) }
        }
        object.add("busiest", streams.prefix(20).map { stream in
            var object = JSONObject()
            object.add("stream", stream.reply.stream)
            object.add("model", stream.reply.model)
            if let label = stream.reply.label { object.add("label", label) }
            if let p = stream.reply.p { object.add("p", p) }
            if let rate = stream.rate { object.add("timesteps_per_s", rate) }
            object.add("update_rate", stream.reads)
            object.add("lost", Int(stream.reply.lost))
            object.add("idle_s", Int(stream.reply.idleSeconds))
            return object
        })
        return object
    }
}

/// The table of streams: the name gets the room that the numbers leave.
private struct TopTable {
    private let nameWidth: Int
    private let labelWidth: Int
    private static let numbers = [("p", 5), ("timesteps/s", 11), ("read", 6), ("lost", 7), ("idle", 7)]

    init(_ streams: some Collection<TopStream>, columns: Int) {
        labelWidth = min(16, streams.reduce(5) { max($0, $1.reply.label?.count ?? 0) })
        let others = Self.numbers.reduce(0) { $0 + $1.1 + 2 } + 2 + labelWidth
        let longest = streams.reduce(6) { max($0, $1.reply.stream.printable.count) }
        nameWidth = max(8, min(longest, columns - others))
        self.columns = columns
    }

    private let columns: Int

    var heading: String {
        "stream".padded(to: nameWidth) + "  " + "label".padded(to: labelWidth) + Self.numbers.map { "  " + $0.0.leftPadded(to: $0.1) }.joined()
    }

    func line(_ stream: TopStream, _ palette: Palette) -> String {
        let label = Self.cut((stream.reply.label ?? "").printable, labelWidth).padded(to: labelWidth)
        let cells = [
            stream.reply.p.map { decimal($0, 3) } ?? "–", stream.rate.map { decimal($0, 1) } ?? "–", decimal(100 * stream.reads, 1) + "%",
            grouped(Int(stream.reply.lost)), period(Double(stream.reply.idleSeconds)),
        ]
        let numbers = zip(cells, Self.numbers).map { "  " + $0.leftPadded(to: $1.1) }.joined()
        let name = Self.cut(stream.reply.stream.printable, nameWidth).padded(to: nameWidth)
        // What doesn't fit a narrow terminal is cut off before colours come in.
        let room = columns - nameWidth - 2
        guard room >= labelWidth else { return String(name.prefix(columns)) }
        return name + "  " + (stream.reply.label == nil ? label : palette.label(stream.reply.label ?? "", text: label)) + String(numbers.prefix(room - labelWidth))
    }

    /// A name that is too long keeps both ends: the end tells more than the middle.
    private static func cut(_ name: String, _ width: Int) -> String {
        name.count <= width ? name : String(name.prefix(width / 2)) + "…" + String(name.suffix(width - width / 2 - 1))
    }
}
