import Glibc
public import SkipStream
import Synchronization

/// Writes checkpoints on a thread of its own, so that no disk keeps the sample loop waiting.
///
/// The loop hands over slices as long as `hasRoom`, then ends the checkpoint; some time later there is an outcome.
public final class CheckpointWriter: Sendable {
    private enum Job: Sendable { case write(CheckpointSlice), commit, stop }

    private struct State {
        var jobs: [Job] = []
        var bytes = 0
        var outcome: CheckpointOutcome?
    }

    private let state = Mutex(State())
    private let pending: Semaphore
    private let ended: Semaphore
    /// Bytes that may wait to be written; a slice is below 1 MB.
    private static let capacity = 8 << 20

    /// Starts the thread, which takes the store over: nobody else may use it from then on.
    public init(_ store: StateStore) throws(StoreError) {
        pending = Semaphore()
        ended = Semaphore()
        let start = Unmanaged.passRetained(Start(store, self))
        var thread = pthread_t()
        let failure = pthread_create(&thread, nil, { argument in
            if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, start.toOpaque())
        guard failure == 0 else {
            start.release()
            throw StoreError("can't start the thread that writes checkpoints: \(String(cString: strerror(failure)))")
        }
        pthread_detach(thread)
    }

    /// A Boolean value indicating whether another slice may be handed over.
    public var hasRoom: Bool { state.withLock { $0.bytes < Self.capacity } }

    /// Hands a slice over.
    public func write(_ slice: CheckpointSlice) {
        post(.write(slice), bytes: slice.byteCount)
    }

    /// Ends the checkpoint: what was handed over is to be on the disk.
    public func commit() { post(.commit) }

    /// Takes what came of the checkpoint that was ended; nil as long as it is being written.
    public func takeOutcome() -> CheckpointOutcome? {
        state.withLock { state in
            defer { state.outcome = nil }
            return state.outcome
        }
    }

    /// Closes the store, after all that was handed over.
    public func stop() {
        post(.stop)
        ended.wait()
    }

    private func post(_ job: Job, bytes: Int = 0) {
        state.withLock { state in
            state.jobs.append(job)
            state.bytes += bytes
        }
        pending.signal()
    }

    private func take() -> Job? {
        pending.wait()
        return state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
    }

    /// What the thread is started with.
    private final class Start {
        let store: StateStore
        let writer: CheckpointWriter

        init(_ store: StateStore, _ writer: CheckpointWriter) {
            self.store = store
            self.writer = writer
        }

        func run() {
            // Signals are for the threads that act on them.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            var summary = CheckpointSummary()
            var failure: CheckpointOutcome?
            while true {
                switch writer.take() {
                case .write(let slice)?:
                    if failure == nil {
                        failure = attempt(&summary) { () throws(StoreError) in try store.write(slice) }
                        summary.slots += slice.count
                        summary.bytes += slice.byteCount
                    }
                    writer.state.withLock { $0.bytes -= slice.byteCount }
                case .commit?:
                    if failure == nil { failure = attempt(&summary) { () throws(StoreError) in try store.commit() } }
                    let outcome = failure ?? .stored(summary)
                    writer.state.withLock { $0.outcome = outcome }
                    (summary, failure) = (CheckpointSummary(), nil)
                case .stop?:
                    store.close()
                    writer.ended.signal()
                    return
                case nil: break
                }
            }
        }

        /// Does a part of the writing and notes the time it takes.
        private func attempt(_ summary: inout CheckpointSummary, _ body: () throws(StoreError) -> String?) -> CheckpointOutcome? {
            let clock = ContinuousClock()
            let start = clock.now
            defer { summary.writing += start.duration(to: clock.now) }
            do throws(StoreError) {
                return try body().map { .replaced($0) }
            } catch {
                return .failed(error)
            }
        }
    }
}

/// What came of a checkpoint.
public enum CheckpointOutcome: Sendable {
    /// It is on the disk.
    case stored(CheckpointSummary)
    /// It is not; what it took is to be part of the next one.
    case failed(StoreError)
    /// Nor is it, and the store is a new one: everything is to be stored anew.
    case replaced(String)
}

/// What a checkpoint wrote.
public struct CheckpointSummary: Sendable, Equatable {
    /// Slots, freed ones included.
    public var slots = 0
    /// Bytes of records.
    public var bytes = 0
    /// The time that the disk took.
    public var writing = Duration.zero

    public init() {}
}
