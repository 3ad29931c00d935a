import Glibc
import SkipRNN
import SkipRNNTraining

/// One line on standard error that shows how a training goes; nothing where standard error is not a terminal.
struct TrainProgressBar {
    private let isShown = isTerminal(STDERR_FILENO)
    private let begin = monotonicSeconds()
    private var lastShown = 0.0
    private var firstFraction: Double?
    let title: String
    let task: Architecture.Task

    init(title: String, task: Architecture.Task) {
        self.title = title
        self.task = task
    }

    /// Shows where the training is, at most ten times a second.
    mutating func show(_ progress: Trainer.Progress) {
        guard isShown else { return }
        let now = monotonicSeconds()
        let fraction = (Double(progress.epoch) + Double(progress.step) / Double(progress.stepsPerEpoch)) / Double(progress.epochs)
        if firstFraction == nil { firstFraction = fraction }
        guard now - lastShown > 0.1 || progress.finished != nil else { return }
        lastShown = now
        let sequences = Double(max(progress.running.sequences, 1))
        let scale = progress.finished == nil ? sequences : 1
        var text = "epoch \(progress.epoch + 1)/\(progress.epochs)  loss \(decimal(progress.running.loss / scale, 4))"
        if task == .classification { text += "  accuracy \(percent(progress.running.accuracy))" }
        text += "  updates \(percent(progress.running.updateRate))"
        let (elapsed, advanced) = (now - begin, fraction - (firstFraction ?? 0))
        if advanced > 0, elapsed > 1 { text += "  \(duration(elapsed / advanced * (1 - fraction))) left" }
        writeToStandardError("\r\u{1B}[K" + line(fraction, text, columns: Terminal.size(of: STDERR_FILENO).columns))
    }

    /// A bar as long as the terminal's line leaves room for, and the figures; a longer line would leave its upper part standing each time.
    private func line(_ fraction: Double, _ figures: String, columns: Int) -> String {
        let width = min(24, columns - 2 - title.count - figures.count)
        guard width > 2 else { return String((title + figures).prefix(columns - 1)) }
        let done = min(Int(fraction * Double(width)), width)
        return title + String(repeating: "█", count: done) + String(repeating: "░", count: width - done) + " " + figures
    }

    /// Clears the line.
    func end() {
        if isShown { writeToStandardError("\r\u{1B}[K") }
    }
}

/// Seconds on a clock that is never set.
func monotonicSeconds() -> Double {
    let (seconds, attoseconds) = ContinuousClock().systemEpoch.duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
}

/// A share as a percentage with one decimal.
func percent(_ share: Double) -> String { decimal(share * 100, 1) + "%" }

/// Seconds as people read them.
func duration(_ seconds: Double) -> String {
    let seconds = Int(seconds.rounded())
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
}
