import Glibc

/// The clocks, in nanoseconds.
enum Time {
    /// Since the Unix epoch.
    static var sinceEpoch: Int64 { now(CLOCK_REALTIME) }
    /// Since some moment in the past, never set back: for spans.
    static var monotonic: Int64 { now(CLOCK_MONOTONIC) }

    /// Lets a moment pass.
    static func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    private static func now(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
