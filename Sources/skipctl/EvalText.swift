import SkipRNN
import SkipRNNTraining

/// An evaluation as a terminal shows it.
struct EvaluationText {
    let evaluation: Evaluation
    /// Which part of the recordings, or which setting.
    let part: String

    init(_ evaluation: Evaluation, part: String) {
        self.evaluation = evaluation
        self.part = part
    }

    func print(json: Bool, _ output: inout StandardOutput) throws {
        if json { return try output.line(object) }
        let measure = evaluation.labels.isEmpty ? "mean squared error \(evaluation.squaredError / Double(max(evaluation.sequences, 1)))" : "accuracy \(percent(evaluation.accuracy))"
        try output.line("\(part): \(counted(evaluation.sequences, "sequence")), \(measure), \(percent(evaluation.updateRate)) of the timesteps read")
        guard !evaluation.labels.isEmpty else { return }
        var table = TextTable([("true class", .left)] + evaluation.labels.map { ($0, .right) } + [("accuracy", .right), ("updates", .right)])
        for (row, label) in evaluation.labels.enumerated() {
            table.add([label] + evaluation.confusion[row].map { String($0) } + [evaluation.accuracy(of: row).map(percent) ?? "–", evaluation.updateRate(of: row).map(percent) ?? "–"])
        }
        for line in table.lines(.standardOutput) { try output.line(line) }
    }

    var object: JSONObject {
        var object = JSONObject()
        object.add("part", part)
        object.add("sequences", evaluation.sequences)
        object.add("loss", evaluation.loss)
        object.add("update_rate", evaluation.updateRate)
        guard !evaluation.labels.isEmpty else {
            object.add("squared_error", evaluation.squaredError / Double(max(evaluation.sequences, 1)))
            return object
        }
        object.add("accuracy", evaluation.accuracy)
        object.add("classes", evaluation.labels.indices.map { row in
            var entry = JSONObject()
            entry.add("label", evaluation.labels[row])
            entry.add("accuracy", evaluation.accuracy(of: row) ?? .nan)
            entry.add("update_rate", evaluation.updateRate(of: row) ?? .nan)
            entry.add("taken_for", evaluation.confusion[row])
            return entry
        })
        return object
    }
}
