import SkipRNN
import SkipRNNTraining

/// What a training ends with: text on the terminal, and an HTML report.
struct TrainReport {
    /// One held-out group's result.
    struct Fold {
        let group: Int
        /// Its number where it has no name.
        let name: String
        let evaluation: Evaluation
    }

    private var html: HTMLReport

    init(title: String) { html = HTMLReport(title: title) }

    /// Prints one held-out group's result.
    static func print(fold: Fold, json: Bool, _ output: inout StandardOutput) throws {
        if json {
            var object = EvaluationText(fold.evaluation, part: "held-out group").object
            object.add("group", fold.group)
            object.add("name", fold.name)
            return try output.line(object)
        }
        try output.line("group \(fold.name) held out: accuracy \(percent(fold.evaluation.accuracy)), \(percent(fold.evaluation.updateRate)) of the timesteps read")
    }

    /// Prints mean and worst of all groups.
    static func printSummary(_ folds: [Fold], json: Bool, _ output: inout StandardOutput) throws {
        guard let worst = folds.min(by: { $0.evaluation.accuracy < $1.evaluation.accuracy }) else { return }
        let mean = folds.reduce(0) { $0 + $1.evaluation.accuracy } / Double(folds.count)
        let rate = folds.reduce(0) { $0 + $1.evaluation.updateRate } / Double(folds.count)
        if json {
            var object = JSONObject()
            object.add("part", "leave one group out")
            object.add("mean_accuracy", mean)
            object.add("worst_accuracy", worst.evaluation.accuracy)
            object.add("worst_group", worst.group)
            object.add("mean_update_rate", rate)
            object.add("highest_update_rate", folds.map(\.evaluation.updateRate).max() ?? 0)
            return try output.line(object)
        }
        try output.line("leave one group out: mean accuracy \(percent(mean)), worst \(percent(worst.evaluation.accuracy)) (group \(worst.name)), mean update rate \(percent(rate))")
    }

    mutating func add(folds: [Fold]) {
        html.addTable("Each group held out", ["group", "sequences", "accuracy", "update rate"], folds.map {
            [$0.name, "\($0.evaluation.sequences)", percent($0.evaluation.accuracy), percent($0.evaluation.updateRate)]
        })
        if var all = folds.first?.evaluation {
            for fold in folds.dropFirst() { all.add(fold.evaluation) }
            html.addEvaluation("All held-out groups together", all)
        }
    }

    mutating func add(history: [TrainingState.Epoch], task: Architecture.Task) { html.addHistory(history, task: task) }

    mutating func add(_ evaluation: Evaluation, part: String, _ model: Model, _ recordings: Recordings, _ chosen: [Int], _ windows: WindowOptions) throws {
        html.addEvaluation("The model on the \(part) part", evaluation)
        if model.architecture.cell.hasStateUpdateGate {
            html.addSweep(try [1, 2, 4, 8].map { ($0, try Evaluation(model, recordings, chosen, windows, stretch: $0)) })
        }
        html.addSamples(model, recordings, chosen, windows)
    }

    func write(to path: String) throws { try html.write(to: path) }
}
