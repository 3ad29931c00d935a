import Glibc

/// How far a long command is, on standard error and only where that is a terminal, which no other command has now.
struct Progress {
    private let title: String
    private let total: Int?
    private var done = 0
    private let isShown = isTerminal(2) && [-1, getpgrp()].contains(tcgetpgrp(2))
    private var shown: ContinuousClock.Instant?

    init(_ title: String, of total: Int, isKnown: Bool = true) {
        self.title = title
        self.total = isKnown ? total : nil
    }

    mutating func advance(_ count: Int) {
        done += count
        guard isShown else { return }
        let now = ContinuousClock.now
        if let shown, shown.duration(to: now) < .milliseconds(100) { return }
        shown = now
        writeToStandardError("\r\u{1B}[K\(line)")
    }

    private var line: String {
        guard let total, total > 0 else { return "\(title)\(counted(done, "timestep"))" }
        let width = 24
        let full = min(width, done * width / total)
        return "\(title)[\(String(repeating: "#", count: full))\(String(repeating: ".", count: width - full))] \(grouped(done)) of \(counted(total, "timestep"))"
    }

    /// Takes the line away.
    func finish() {
        if shown != nil { writeToStandardError("\r\u{1B}[K") }
    }
}
