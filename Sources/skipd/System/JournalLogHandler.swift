import Glibc
import SkipStream
package import Logging

/// Writes log lines to standard error: under systemd with the priority that journald reads (`<4>…`), else with the time.
///
///     <6>skipd 0.1.0 takes samples at tcp://127.0.0.1:5570
///     2026-11-22T23:00:00.123Z info: skipd 0.1.0 takes samples at tcp://127.0.0.1:5570
package struct JournalLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level = .info
    private let isUnderSystemd: Bool

    package init(isUnderSystemd: Bool = Self.isUnderSystemd) { self.isUnderSystemd = isUnderSystemd }

    /// A Boolean value indicating whether systemd started the process and reads its standard error.
    package static var isUnderSystemd: Bool { getenv("JOURNAL_STREAM") != nil || getenv("NOTIFY_SOCKET") != nil }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let lines = Self.lines(event, metadata: metadata.merging(event.metadata ?? [:]) { $1 }, at: isUnderSystemd ? nil : Time.sinceEpoch)
        StandardError.write(lines)
    }

    /// The text of an event: each of its lines has the priority, since journald takes every line by itself.
    package static func lines(_ event: LogEvent, metadata: Logger.Metadata, at time: Int64?) -> String {
        var text = "\(event.message)"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(value)" }
        if let error = event.error { text += ": \(error)" }
        let prefix: String
        if let time {
            var stamp: [UInt8] = []
            stamp.append(timestamp: time)
            // Milliseconds are enough here: …:00.123456789Z → …:00.123Z
            prefix = String(decoding: stamp.dropLast(7), as: UTF8.self) + "Z \(event.level): "
        } else {
            prefix = "<\(priority(event.level))>"
        }
        return text.split(separator: "\n").map { "\(prefix)\($0)\n" }.joined()
    }

    /// syslog's numbers, as in sd-daemon(3).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
