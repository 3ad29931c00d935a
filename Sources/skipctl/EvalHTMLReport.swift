import SkipRNN
import SkipRNNTraining

/// placeholder
struct HTMLReport {
    init(title: String) {}
    mutating func addTable(_ title: String, _ heading: [String], _ rows: [[String]]) {}
    mutating func addEvaluation(_ title: String, _ evaluation: Evaluation) {}
    mutating func addHistory(_ history: [TrainingState.Epoch], task: Architecture.Task) {}
    mutating func addSamples(_ model: Model, _ recordings: Recordings, _ chosen: [Int], _ windows: WindowOptions) {}
    mutating func addSweep(_ points: [(stretch: Float, evaluation: Evaluation)]) {}
    func write(to path: String) throws {}
}
