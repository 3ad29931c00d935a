import SkipRNN

/// What a replay came to: one line or object a sequence, and their sum.
struct ReplayReport {
    private let model: Model
    private let recordings: Recordings
    private let sequences: [ReplayedSequence]
    private var isClassification: Bool { model.architecture.task == .classification }

    init(_ model: Model, _ recordings: Recordings, _ sequences: [ReplayedSequence]) {
        self.model = model
        self.recordings = recordings
        self.sequences = sequences
    }

    /// The name of the class that a recording has by its file; nil where the file doesn't say.
    private func expected(_ recording: Int) -> String? {
        guard let index = recordings.classes?[recording] else { return nil }
        // By name where the file has names: its order of classes may be another than the model's.
        if index < recordings.labels.count { return recordings.labels[index] }
        return index < model.metadata.labels.count ? model.metadata.labels[index] : String(index)
    }

    /// Half the squared distance would be the authors' loss; this is the mean of squares that their paper reports (QUIRKS: Q22).
    private func squaredError(_ sequence: ReplayedSequence) -> Double? {
        let count = model.architecture.outputSize
        guard !isClassification, let targets = recordings.targets, targets.count == count * recordings.count else { return nil }
        return zip(sequence.outputs, targets[(sequence.recording * count)...]).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) } / Double(count)
    }

    private func label(_ index: Int) -> String { model.metadata.labels[index] }

    private struct Totals {
        var timesteps = 0, updates = 0, rejected = 0, labelled = 0, correct = 0
        var squaredErrors: [Double] = []
    }

    private var totals: Totals {
        var totals = Totals()
        for sequence in sequences {
            totals.timesteps += sequence.timesteps.count
            totals.updates += sequence.updates
            totals.rejected += sequence.rejected
            if isClassification, let expected = expected(sequence.recording) {
                totals.labelled += 1
                if label(sequence.predicted) == expected { totals.correct += 1 }
            }
            if let error = squaredError(sequence) { totals.squaredErrors.append(error) }
        }
        return totals
    }

    /// For NDJSON: names as in skipd's results where they mean the same.
    var objects: [JSONObject] {
        var objects: [JSONObject] = []
        for sequence in sequences {
            var object = JSONObject()
            object.add("recording", sequence.recording)
            object.add("seq", sequence.timesteps.upperBound - 1 - recordings.ranges[sequence.recording].lowerBound)
            if isClassification {
                object.add("label", label(sequence.predicted))
                object.add("index", sequence.predicted)
                object.add("p", sequence.outputs[sequence.predicted])
                if let expected = expected(sequence.recording) {
                    object.add("expected", expected)
                    object.add("correct", expected == label(sequence.predicted))
                }
            } else {
                object.add("value", sequence.outputs)
                if let error = squaredError(sequence) { object.add("squared_error", error) }
            }
            object.add("updates", sequence.updates)
            object.add("timesteps", sequence.timesteps.count)
            if !sequence.timesteps.isEmpty { object.add("update_rate", Double(sequence.updates) / Double(sequence.timesteps.count)) }
            object.add("rejected", sequence.rejected)
            objects.append(object)
        }
        let totals = totals
        var summary = JSONObject()
        summary.add("summary", true)
        summary.add("recordings", recordings.count)
        summary.add("sequences", sequences.count)
        summary.add("timesteps", totals.timesteps)
        summary.add("updates", totals.updates)
        if totals.timesteps > 0 { summary.add("update_rate", Double(totals.updates) / Double(totals.timesteps)) }
        summary.add("rejected", totals.rejected)
        if totals.labelled > 0 { summary.add("accuracy", Double(totals.correct) / Double(totals.labelled)) }
        if let error = meanSquaredError(totals) { summary.add("mean_squared_error", error) }
        summary.add("kernels", model.kernels.name)
        objects.append(summary)
        return objects
    }

    private func meanSquaredError(_ totals: Totals) -> Double? {
        totals.squaredErrors.isEmpty ? nil : totals.squaredErrors.reduce(0, +) / Double(totals.squaredErrors.count)
    }

    /// For people: a table and a sentence.
    func lines(_ palette: Palette) -> [String] {
        let hasLabels = isClassification && recordings.classes != nil
        var columns: [(title: String, alignment: TextTable.Alignment)] = [("recording", .right)]
        if hasLabels { columns.append(("label", .left)) }
        columns += isClassification ? [("predicted", .left), ("p", .right)] : [("value", .right)]
        columns += [("updates", .right), ("timesteps", .right), ("update rate", .right)]
        var table = TextTable(columns)
        for sequence in sequences {
            var row = [String(sequence.recording)]
            if hasLabels { row.append(expected(sequence.recording) ?? "") }
            if isClassification {
                row += [label(sequence.predicted), decimal(sequence.outputs[sequence.predicted], 3)]
            } else {
                row.append(sequence.outputs.prefix(4).map { decimal($0, 4) }.joined(separator: " ") + (sequence.outputs.count > 4 ? " …" : ""))
            }
            row += [grouped(sequence.updates), grouped(sequence.timesteps.count), percentage(sequence.updates, of: sequence.timesteps.count)]
            table.add(row)
        }
        let totals = totals
        var summary = "\(counted(sequences.count, "sequence")), \(counted(totals.timesteps, "timestep")), \(counted(totals.updates, "update")): update rate \(percentage(totals.updates, of: totals.timesteps))"
        if totals.labelled > 0 { summary += ", accuracy \(percentage(totals.correct, of: totals.labelled)) (\(totals.correct) of \(totals.labelled))" }
        if let error = meanSquaredError(totals) { summary += ", mean squared error \(Float(error))" }
        if totals.rejected > 0 { summary += "; \(counted(totals.rejected, "timestep")) rejected for values that are not finite" }
        return table.lines(palette) + [palette.bold(summary + ".")]
    }
}
