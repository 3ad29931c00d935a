import CZeroMQ

/// Gives back to the system what connections that have closed leave in the heap.
///
/// libzmq's pipes and buffers are some 80 KiB a connection, in blocks of 16 KiB that are used little by little. As connections come and go,
/// these wander through glibc's arena, whose free pages stay resident: with 300 connections, 75 of them new each second, a daemon grew from 49
/// to 63 MB in 100 seconds and on towards the arena's size, of which two fifths were free; trimmed, it stayed at 50.
struct HeapTrim {
    private var closed = 0

    /// After so many connections, and a quarter of those that there are: what a trim takes, some 7 µs a connection, is paid for by those that came in
    /// between.
    private static let least = 64
    /// Beyond so many connections that would hold messages up for longer than 5 ms, as it locks the arena; there the arena's size is the bound.
    private static let mostConnections = 700

    /// Notes that a connection has closed.
    /// - Parameter open: How many there are now.
    mutating func connectionClosed(open: Int) {
        closed += 1
        guard closed >= max(Self.least, open / 4), open <= Self.mostConnections else { return }
        closed = 0
        malloc_trim(0)
    }
}
