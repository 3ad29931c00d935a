import Logging
import Synchronization

/// Logs peers that are turned away: at most one line a second, with how many were like it.
final class RefusalLog: Sendable {
    private struct State {
        var last = Int64.min
        /// Since the last line.
        var silent = 0
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Notes a connection refused.
    func note(_ door: AccessRegistry.Door, _ address: String, _ reason: String) {
        write { "refused a connection to [\(door.rawValue)] from \(address): \(reason)\($0)" }
    }

    /// Notes a subscription refused.
    func note(device: String, prefix: UnsafeRawBufferPointer) {
        write { "refused \(device) a subscription to \"\(DropReporter.printable(prefix))\": it extends none of its grants\($0)" }
    }

    /// Notes a device that made the results' endpoint bind anew.
    func noteMisuse(device: String) {
        logger.error("\(device) has sent [results] a message that is no subscription; all subscribers are let go, and its key is refused there until the next reload")
    }

    private func write(_ line: (String) -> String) {
        let now = Time.monotonic
        let silent: Int? = state.withLock { state in
            guard state.last == .min || now - state.last >= 1_000_000_000 else {
                state.silent += 1
                return nil
            }
            defer { (state.last, state.silent) = (now, 0) }
            return state.silent
        }
        guard let silent else { return }
        logger.warning("\(line(silent > 0 ? " (and \(silent) more refused before)" : ""))")
    }
}
