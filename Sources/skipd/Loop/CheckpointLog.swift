import Logging
import SkipStore
import SkipStream
import Synchronization

/// What became of checkpoints: kept for `status` and metrics, and logged where it is news.
final class CheckpointLog: Sendable {
    private struct State {
        var succeeded: UInt64 = 0
        var failed: UInt64 = 0
        var last: CheckpointSummary?
        var duration: Int64?
        /// When the last one succeeded, in monotonic nanoseconds.
        var success: Int64?
        /// Why the last one failed; nil where it did not.
        var error: String?
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Notes a checkpoint that took so many nanoseconds from its first slice to the disk.
    func note(_ outcome: CheckpointOutcome, duration: Int64) {
        switch outcome {
        case .stored(let summary):
            let wasFailing = state.withLock { state in
                state.succeeded += 1
                (state.last, state.duration, state.success) = (summary, duration, Time.monotonic)
                defer { state.error = nil }
                return state.error != nil
            }
            if wasFailing { logger.notice("checkpoints are written again") }
        case .failed(let error): failed("a checkpoint failed: \(error); the next one tries again")
        case .replaced(let reason): failed("all states are stored anew: \(reason)")
        }
    }

    /// Notes a failure; the same one twice in a row is logged once.
    func failed(_ sentence: String) {
        let isNews = state.withLock { state in
            state.failed += 1
            defer { state.error = sentence }
            return state.error != sentence
        }
        if isNews { logger.error("\(sentence)") }
    }

    /// Logs what was taken back at the start.
    func restored(_ counts: RestoreCounts, _ report: LoadReport, seconds: Double) {
        if let damage = report.damage {
            let place = report.setAside.map { "; it is kept as \($0)" } ?? ""
            logger.error("the stored states are damaged, \(damage): \(report.damagedRecords) of \(report.records) records that could be read are not used\(place)")
        }
        guard report.records > 0 else { return }
        logger.notice("restored \(counts.sentence) in \(Int((seconds * 1000).rounded())) ms")
    }

    /// A Boolean value indicating whether the last one failed.
    var isFailing: Bool { state.withLock { $0.error != nil } }

    /// For `status`.
    var reply: CheckpointReply {
        state.withLock { state in
            CheckpointReply(
                written: state.succeeded, failed: state.failed, ageSeconds: state.success.map { Double(Time.monotonic - $0) / 1e9 },
                durationSeconds: state.duration.map { Double($0) / 1e9 }, streams: state.last?.slots ?? 0, bytes: state.last?.bytes ?? 0, error: state.error)
        }
    }

    /// For metrics.
    var status: CheckpointStatus {
        let reply = reply
        return CheckpointStatus(succeeded: reply.written, failed: reply.failed, duration: reply.durationSeconds, age: reply.ageSeconds)
    }
}

/// What became of stored streams at the start.
struct RestoreCounts {
    private var continued = 0
    private var onOtherKernels = 0
    private var begunAnew = 0
    private var damaged = 0
    private var refused: [(reason: String, count: Int)] = []

    /// Counts one.
    /// - Returns: false for a damaged one.
    mutating func count(_ outcome: RestoreOutcome) -> Bool {
        switch outcome {
        case .continued: continued += 1
        case .continuedOnOtherKernels: onOtherKernels += 1
        case .begunAnew: begunAnew += 1
        case .damaged:
            damaged += 1
            return false
        case .refused(let reason):
            let reason = "\(reason)"
            if let index = refused.firstIndex(where: { $0.reason == reason }) { refused[index].count += 1 } else { refused.append((reason, 1)) }
        }
        return true
    }

    /// `12 streams, 3 of them with a state that another kernel variant computed, …`.
    var sentence: String {
        let restored = continued + onOtherKernels + begunAnew
        var parts = ["\(restored) stream\(restored == 1 ? "" : "s")"]
        if onOtherKernels > 0 { parts.append("\(onOtherKernels) of them with a state that another kernel variant computed") }
        if begunAnew > 0 { parts.append("\(begunAnew) of them begin anew, because their model or sequence is another") }
        if damaged > 0 { parts.append("\(damaged) more are damaged") }
        for (reason, count) in refused { parts.append("\(count) more are dropped: \(reason)") }
        return parts.joined(separator: ", ")
    }
}
