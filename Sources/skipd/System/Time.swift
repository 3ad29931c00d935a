import Glibc

/// The clocks, in nanoseconds.
enum Time {
    /// Since the Unix epoch.
    static var sinceEpoch: Int64 { now(CLOCK_REALTIME) }
    /// Since some moment in the past, never set back: for spans.
    static var monotonic: Int64 { now(CLOCK_MONOTONIC) }
    /// Since the machine's start, its sleep included.
    static var sinceBoot: Int64 { now(CLOCK_BOOTTIME) }

    /// Lets a moment pass.
    static func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// The time of day as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static var httpDate: String {
        var (seconds, parts) = (time(nil), tm())
        gmtime_r(&seconds, &parts)
        // Days and months are in English: the process's locale is C.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            let count = strftime(text.baseAddress, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func now(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
