import Logging
import SkipConfiguration
import SkipStream
import Synchronization

/// Logs messages that can't be used: for each cause at most one line a second, with how many were like it.
///
/// The loop only notes them; a task writes the lines, so that a log that blocks doesn't stop the samples.
final class DropReporter: Sendable {
    /// What happened for one cause since its last line.
    struct Tally: Sendable {
        var count: UInt64 = 0
        var stream = ""
        var reason: StaticString = ""
        /// Who sent it, where that is known.
        var device = ""
    }

    private let tallies = Mutex<[DropCause: Tally]>([:])
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let logger: Logger

    /// The bytes of a stream's name that a line shows.
    private static let longestName = 64

    init(_ logger: Logger) {
        self.logger = logger
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes a message.
    func note(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString, device: @autoclosure () -> String = "") {
        let isFirst = tallies.withLock { tallies in
            let isFirst = tallies[cause] == nil
            tallies[cause, default: Tally()].count += 1
            if isFirst {
                tallies[cause]?.stream = Self.printable(stream)
                tallies[cause]?.reason = reason
                tallies[cause]?.device = device()
            }
            return isFirst
        }
        if isFirst { wake.yield() }
    }

    /// Writes lines until its task is cancelled.
    func run() async {
        for await _ in wakeUps {
            report()
            // What comes meanwhile is counted, and is one line a cause when the second is over.
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { break }
        }
        report()
    }

    private func report() {
        for (cause, tally) in take().sorted(by: { $0.key.rawValue < $1.key.rawValue }) { logger.warning("\(Self.line(cause, tally))") }
    }

    private func take() -> [DropCause: Tally] {
        tallies.withLock { tallies in
            defer { tallies = [:] }
            return tallies
        }
    }

    static func line(_ cause: DropCause, _ tally: Tally) -> String {
        let others = tally.count > 1 ? " (and \(tally.count - 1) more dropped for this cause)" : ""
        let sender = tally.device.isEmpty ? "" : " from \(tally.device)"
        return "dropped a message\(sender) of stream \"\(tally.stream)\" as \(cause.rawValue): \(tally.reason)\(others)"
    }

    /// A name that may be anything, as a line of text.
    static func printable(_ name: UnsafeRawBufferPointer) -> String {
        // Quoted, it ends at the quotation mark that is not its own.
        let text = String(decoding: name.prefix(longestName), as: UTF8.self).printable(besides: ["\"", "\\"])
        return name.count > longestName ? text + "…" : text
    }
}
