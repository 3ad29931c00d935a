import Glibc
import ZeroMQ

/// What wakes a thread that waits in a poll, from any other thread: a pair of connected sockets, one of which takes part in the poll.
///
/// (An eventfd would do with one descriptor, but Swift doesn't import it; a ZeroMQ socket may be used from one thread only.)
final class WakeUp: Sendable {
    private let reader: CInt
    private let writer: CInt

    init() throws(DaemonError) {
        var pair: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { throw DaemonError("can't make a pair of sockets: \(String(cString: strerror(errno)))") }
        (reader, writer) = (pair[0], pair[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Makes the poll return; callable from any thread.
    func signal() {
        // Fails only when the buffer is full of signals, and then the reader is readable already.
        _ = send(writer, [1], 1, CInt(MSG_NOSIGNAL))
    }

    /// Takes the signals so far.
    func clear() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            while recv(reader, buffer.baseAddress, buffer.count, 0) == buffer.count {}
        }
    }

    /// Adds the reading end to a poll.
    func join(_ poller: inout Poller) { poller.add(fileDescriptor: reader) }

    /// Readable while there are signals.
    var descriptor: CInt { reader }
}
