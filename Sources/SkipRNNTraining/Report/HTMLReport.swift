public import SkipRNN

/// A page about a training or an evaluation that opens without a network: style and plots are within it, light and dark.
public struct HTMLReport: Sendable {
    private let title: String
    private var body = ""

    public init(title: String) { self.title = title }

    /// Adds a table.
    public mutating func addTable(_ heading: String, _ columns: [String], _ rows: [[String]]) {
        body += "<section><h2>\(escaped(heading))</h2>" + Self.table(columns, rows) + "</section>"
    }

    /// Adds the learning curves of a training.
    public mutating func addHistory(_ history: [TrainingState.Epoch], task: Architecture.Task) {
        guard !history.isEmpty else { return }
        func series(_ name: String, _ value: (TrainingState.Epoch) -> Double?) -> LinePlot.Series? {
            let points = history.enumerated().compactMap { index, epoch in value(epoch).map { (x: Double(index + 1), y: $0) } }
            return points.isEmpty ? nil : LinePlot.Series(name: name, points: points)
        }
        func plot(_ title: String, _ yName: String, _ bounds: ClosedRange<Double>?, _ value: @escaping (BatchResult) -> Double) {
            let both = [series("training") { value($0.training) }, series("held out") { $0.validation.map(value) }].compactMap { $0 }
            body += LinePlot(title: title, xName: "epoch", yName: yName, series: both, yBounds: bounds).svg
        }
        body += "<section><h2>Learning curves</h2><div class=\"plots\">"
        plot("Loss", "loss", nil) { $0.loss }
        if task == .classification {
            plot("Accuracy", "share right", 0...1) { $0.accuracy }
        } else {
            plot("Squared error", "mean", nil) { $0.squaredError / Double(max($0.sequences, 1)) }
        }
        plot("Update rate", "share read", 0...1) { $0.updateRate }
        let costs = history.map(\.costPerUpdate)
        if let first = costs.first, costs.contains(where: { $0 != first }) {
            body += LinePlot(title: "Cost per update λ", xName: "epoch", yName: "λ", series: [series("λ") { $0.costPerUpdate }].compactMap { $0 }).svg
        }
        body += "</div></section>"
    }

    /// Adds numbers, confusion matrix and rates per class.
    public mutating func addEvaluation(_ heading: String, _ evaluation: Evaluation) {
        body += "<section><h2>\(escaped(heading))</h2>"
        let measure = evaluation.labels.isEmpty ? "mean squared error \(decimals(evaluation.squaredError / Double(max(evaluation.sequences, 1)), 6))" : "accuracy <b>\(percentage(evaluation.accuracy))</b>"
        body += "<p>\(evaluation.sequences) sequences, \(measure), <b>\(percentage(evaluation.updateRate))</b> of the timesteps read (\(decimals(evaluation.meanUpdates, 1)) a sequence).</p>"
        if !evaluation.labels.isEmpty {
            body += "<table class=\"confusion\"><tr><th>true class</th>" + evaluation.labels.map { "<th>\(escaped($0))</th>" }.joined() + "<th>accuracy</th><th>update rate</th></tr>"
            for (row, label) in evaluation.labels.enumerated() {
                let total = max(evaluation.confusion[row].reduce(0, +), 1)
                body += "<tr><th>\(escaped(label))</th>"
                for (column, count) in evaluation.confusion[row].enumerated() {
                    let share = Double(count) / Double(total)
                    body += "<td class=\"\(row == column ? "right" : "wrong")\" style=\"--share:\(decimals(share, 3))\">\(count)</td>"
                }
                body += "<td>\(evaluation.accuracy(of: row).map(percentage) ?? "–")</td><td>\(evaluation.updateRate(of: row).map(percentage) ?? "–")</td></tr>"
            }
            body += "</table>"
        }
        body += "</section>"
    }

    /// Adds accuracy against update rate for several divisors of the increment.
    public mutating func addSweep(_ points: [(stretch: Float, evaluation: Evaluation)]) {
        guard let first = points.first else { return }
        let isClassifier = !first.evaluation.labels.isEmpty
        func value(_ evaluation: Evaluation) -> Double { isClassifier ? evaluation.accuracy : evaluation.squaredError / Double(max(evaluation.sequences, 1)) }
        let name = isClassifier ? "accuracy" : "mean squared error"
        body += "<section><h2>\(isClassifier ? "Accuracy" : "Error") against update rate</h2><div class=\"plots\">"
        body += LinePlot(
            title: "Each point divides the increment by the number beside it", xName: "update rate", yName: name,
            series: [.init(name: name, points: points.map { (x: $0.evaluation.updateRate, y: value($0.evaluation)) }, hasMarks: true, notes: points.map { Self.text(of: $0.stretch) })],
            yBounds: isClassifier ? 0...1 : nil).svg
        body += "</div>" + Self.table(["stretch", name, "update rate"], points.map { [Self.text(of: $0.stretch), isClassifier ? percentage(value($0.evaluation)) : decimals(value($0.evaluation), 6), percentage($0.evaluation.updateRate)] }) + "</section>"
    }

    /// Adds a signal of each class (at most four) with the timesteps marked that the model read.
    public mutating func addSamples(_ model: Model, _ recordings: Recordings, _ chosen: [Int], _ options: WindowOptions) {
        guard let windows = try? options.windows(recordings, chosen) else { return }
        var shown: Set<Int> = []
        var plots = ""
        for window in windows where shown.count < 4 {
            let label = recordings.classes?[window.recording] ?? shown.count
            guard shown.insert(label).inserted else { continue }
            var inference = Inference(model)
            var read: [Bool] = []
            var channels = [[Float]](repeating: [], count: recordings.featureCount)
            for t in stride(from: window.start, to: window.start + window.length, by: options.every) {
                read.append(inference.step(recordings.timestep(t)) == .updated)
                for (channel, value) in recordings.timestep(t).enumerated() { channels[channel].append(value) }
            }
            let name = label < model.metadata.labels.count ? model.metadata.labels[label] : "recording \(window.recording)"
            let logits = inference.logits
            let best = logits.indices.max { logits[$0] < logits[$1] } ?? 0
            let outcome = !model.metadata.labels.indices.contains(best) ? "" : best == label ? ", recognised" : ", taken for \(model.metadata.labels[best])"
            plots += SignalPlot(
                title: name + outcome, channels: Array(channels.prefix(3)), names: recordings.channels, sampleRate: recordings.sampleRate.map { $0 / Double(options.every) }, read: read).svg
        }
        if !plots.isEmpty { body += "<section><h2>What the model read</h2><div class=\"signals\">\(plots)</div></section>" }
    }

    /// The page.
    public var page: String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(escaped(title))</title><style>\(Self.style)</style></head><body><h1>\(escaped(title))</h1>\(body)</body></html>

        """
    }

    /// Writes the page aside, then renames it into place.
    public func write(to path: String) throws(FileFormatError) { try writeFile([UInt8](page.utf8), to: path) }

    /// A stretch as one writes it: 2, not 2.0.
    private static func text(of stretch: Float) -> String { stretch == stretch.rounded() ? decimals(Double(stretch), 0) : "\(stretch)" }

    private static func table(_ columns: [String], _ rows: [[String]]) -> String {
        "<table><tr>" + columns.map { "<th>\(escaped($0))</th>" }.joined() + "</tr>"
            + rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined() + "</table>"
    }

    private static let style = """
        :root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--faint:#6b7280;--rule:#e3e6ea;--c0:#2563eb;--c1:#d97706;--c2:#059669;--c3:#9333ea;--read:#dc2626}
        @media(prefers-color-scheme:dark){:root{--ground:#14171b;--ink:#e6e8eb;--faint:#9aa2ad;--rule:#2b3138;--c0:#6ea0ff;--c1:#f0a94a;--c2:#45c99a;--c3:#c08bff;--read:#ff7b72}}
        body{font:15px/1.5 system-ui,sans-serif;background:var(--ground);color:var(--ink);max-width:60rem;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
        .plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));gap:1rem}svg{width:100%;height:auto}
        svg text{fill:var(--faint);font-size:11px}svg .title{fill:var(--ink);font-size:13px;font-weight:600}
        .end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:var(--rule)}
        .line{fill:none;stroke-width:1.8}.thin{stroke-width:1.1}
        .line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}
        .mark.c0,svg .legend.c0{fill:var(--c0)}.mark.c1,svg .legend.c1{fill:var(--c1)}.mark.c2,svg .legend.c2{fill:var(--c2)}.mark.c3,svg .legend.c3{fill:var(--c3)}
        .read{stroke:var(--read);stroke-opacity:.25}.readmark{fill:var(--read)}
        table{border-collapse:collapse;margin:.5rem 0;font-variant-numeric:tabular-nums}th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--rule)}th:first-child{text-align:left}
        td.right{background:color-mix(in srgb,var(--c2) calc(var(--share)*60%),transparent)}td.wrong{background:color-mix(in srgb,var(--read) calc(var(--share)*60%),transparent)}
        """
}
