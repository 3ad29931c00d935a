import Glibc
import ZeroMQ

/// What the sample loop waits for between blocks: a message, a subscription, a request.
///
/// One system call, on the sockets' descriptors, where `zmq_poll` makes one for each socket before and after it waits; of a loop that
/// is woken for every few messages these are half of the time. The price is libzmq's edge: a socket's descriptor tells of what has come
/// since the socket was last asked. So a socket must have said that there is nothing (`receive` gave false) since it was last used for
/// anything, or the wait may last though a message is there.
struct LoopWait: ~Copyable {
    private var items: [pollfd] = []
    /// Whether the next thing is likely to come before a thread would have gone to sleep and been woken.
    private var isBusy = false

    /// Under load the next messages are only microseconds off: going to sleep for them, and having the receiving thread wake this one, costs
    /// both more than looking a few times more. A wait that takes longer than `short` ends that, and so an idle loop sleeps.
    private static let patience: Int64 = 20_000
    private static let short: Int64 = 40_000

    /// Forgets all descriptors.
    mutating func removeAll() { items.removeAll(keepingCapacity: true) }

    /// Adds a descriptor.
    /// - Returns: its place, under which it is asked for.
    mutating func add(_ descriptor: CInt) -> Int {
        items.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        return items.count - 1
    }

    /// Waits until something has come, at most `timeout` (nil: for ever), in whole milliseconds, rounded up.
    /// - Returns: false where the time is over; a signal ends the wait early with true.
    mutating func wait(timeout: Duration?) -> Bool {
        let milliseconds = timeout.map { CInt(clamping: $0.components.seconds * 1000 + ($0.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000) } ?? -1
        let start = Time.monotonic
        if isBusy, milliseconds != 0 {
            repeat {
                sched_yield()
                if look(0) { return true }
            } while Time.monotonic - start < Self.patience
        }
        let hasCome = look(milliseconds)
        isBusy = Time.monotonic - start < Self.short
        return hasCome
    }

    private mutating func look(_ milliseconds: CInt) -> Bool {
        for index in items.indices { items[index].revents = 0 }
        return poll(&items, nfds_t(items.count), milliseconds) != 0
    }

    /// A Boolean value indicating whether something had come when `wait` returned.
    func hasCome(at index: Int) -> Bool { items[index].revents != 0 }
}
