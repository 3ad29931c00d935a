import Glibc
import Logging
import SkipConfiguration
import SkipStore
import SkipStream

/// Where states are kept, how often they are written, and who hears how it went.
struct StateKeeping: Sendable {
    let directory: StateDirectory
    let interval: Duration
    let log: CheckpointLog

    /// Takes the directory; nil where no states are to be kept.
    /// - Throws: where another skipd has it. Whatever else is wrong with it is logged, and tried again at each checkpoint.
    init?(_ state: State, _ logger: Logger) throws(StoreError) {
        guard let path = state.directory else { return nil }
        directory = StateDirectory(path)
        interval = state.checkpointInterval
        log = CheckpointLog(logger)
        do throws(StoreError) { try directory.take() } catch { if error.isInUse { throw error } }
    }
}

/// The sample loop's part in checkpoints: it takes slices of what has changed between blocks, and another thread writes them.
///
/// One at a time: every `checkpoint_interval` if anything has changed, whenever it is asked for, and when the loop ends.
final class LoopCheckpoints {
    private enum Stage { case idle, taking, writing }

    private let writer: CheckpointWriter
    private let interval: Int64
    private let log: CheckpointLog
    private var stage = Stage.idle
    /// When the next one begins, and when the present one began, in monotonic nanoseconds.
    private var due: Int64
    private var begun: Int64 = 0
    /// Who asked for a checkpoint that begins after the asking, and who waits for the present one.
    private var waiting: [LoopReply<CheckpointOutcome>] = []
    private var answered: [LoopReply<CheckpointOutcome>] = []

    /// Slots of a slice: some 300 µs where all are cache misses, in which no sample is taken.
    private static let slice = 250
    /// How often to look whether the disk is done.
    private static let glance = Duration.milliseconds(5)

    /// Takes all streams back from the store, in a processor whose routes are installed, and begins to note what changes.
    init(_ keeping: StateKeeping, into processor: inout StreamProcessor) throws(StoreError) {
        interval = keeping.interval.nanoseconds
        log = keeping.log
        due = Time.monotonic + interval
        processor.noteChanges()
        let store = StateStore(keeping.directory)
        // What could be read of a damaged store is in memory only.
        if Self.restore(store, &processor, keeping.log) { due = Time.monotonic }
        writer = try CheckpointWriter(store)
    }

    /// Takes all streams back; returns whether they are to be stored anew.
    private static func restore(_ store: StateStore, _ processor: inout StreamProcessor, _ log: CheckpointLog) -> Bool {
        let start = Time.monotonic
        var outcomes = RestoreCounts()
        do throws(StoreError) {
            let now = Time.sinceEpoch
            let report = try store.load { slot, record in outcomes.count(processor.restore(record, slot: slot, at: now)) }
            if report.setAside != nil { processor.noteEverythingChanged() }
            log.restored(outcomes, report, seconds: Double(Time.monotonic - start) / 1e9)
            return report.setAside != nil
        } catch {
            log.failed("no state was restored: \(error)")
            return false
        }
    }

    /// Asks for a checkpoint of everything up to now.
    func request(_ reply: @escaping LoopReply<CheckpointOutcome>) { waiting.append(reply) }

    /// Does what is next.
    /// - Returns: whether there is more to do at once.
    func advance(_ processor: inout StreamProcessor) -> Bool {
        switch stage {
        case .idle:
            guard !waiting.isEmpty || Time.monotonic >= due else { return false }
            begin(&processor)
            return stage == .taking
        case .taking:
            guard writer.hasRoom else { return false }
            var slice = CheckpointSlice()
            let isMore = processor.takeChanges(limit: Self.slice, into: &slice)
            writer.write(slice)
            if !isMore {
                writer.commit()
                stage = .writing
            }
            return isMore
        case .writing:
            guard let outcome = writer.takeOutcome() else { return false }
            end(outcome, &processor)
            return !waiting.isEmpty
        }
    }

    /// How long the loop may wait if nothing else happens; nil for ever.
    func timeout(_ processor: borrowing StreamProcessor) -> Duration? {
        switch stage {
        case .idle where waiting.isEmpty: processor.hasChanges ? .nanoseconds(max(0, due - Time.monotonic)) : nil
        case .idle: .zero
        case .taking, .writing: Self.glance
        }
    }

    /// Writes what is not on the disk yet, and closes the store.
    func finish(_ processor: inout StreamProcessor) {
        var isLast = false
        while true {
            if stage == .idle {
                // The present one may have taken a stream before its last samples came.
                if isLast || (!processor.hasChanges && waiting.isEmpty) { break }
                isLast = true
                begin(&processor)
            }
            if !advance(&processor), stage != .idle { usleep(1000) }
        }
        for reply in waiting { reply(.failure(LoopStopped())) }
        writer.stop()
    }

    private func begin(_ processor: inout StreamProcessor) {
        begun = Time.monotonic
        due = begun + interval
        answered = waiting
        waiting = []
        guard processor.hasChanges else { return end(.stored(CheckpointSummary()), &processor, tookAny: false) }
        processor.beginCheckpoint()
        stage = .taking
    }

    private func end(_ outcome: CheckpointOutcome, _ processor: inout StreamProcessor, tookAny: Bool = true) {
        stage = .idle
        if tookAny {
            if case .stored = outcome { processor.endCheckpoint(isStored: true) } else { processor.endCheckpoint(isStored: false) }
            if case .replaced = outcome {
                processor.noteEverythingChanged()
                due = Time.monotonic
            }
        }
        // One that had nothing to write says nothing about a disk that has failed before.
        if tookAny || !log.isFailing { log.note(outcome, duration: Time.monotonic - begun) }
        for reply in answered { reply(.success(outcome)) }
        answered = []
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
