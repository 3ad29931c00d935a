import Synchronization
import ZeroMQ

/// A socket with a thread of its own, which sleeps until something comes in or somebody wakes it.
///
/// It is there from the making on, so that whoever binds it knows at once whether that works; the thread takes it over when it starts.
final class ServedSocket: Sendable {
    private let name: String
    private let wakeUp: WakeUp
    private let isStopped = Atomic<Bool>(false)
    private let socket: Mutex<Handle?>

    private struct Handle: @unchecked Sendable { // Handed from the thread that makes the socket to its own, once.
        let box: SocketBox
    }

    /// - Parameters:
    ///   - name: the thread's, at most 15 bytes.
    ///   - socket: handed over: whoever made it doesn't use it any more.
    init(_ name: String, _ socket: SocketBox) throws(DaemonError) {
        self.name = name
        self.socket = Mutex(Handle(box: socket))
        wakeUp = try WakeUp()
    }

    /// Runs until it is asked to stop; the socket is closed then.
    /// - Parameter serve: takes all that has come in; called whenever there may be something, and a last time at the end. Where a socket fails,
    ///   that has no remedy here: the daemon goes on without it.
    func run(_ serve: @escaping @Sendable (borrowing Socket) throws(ZeroMQError) -> Void) async throws(DaemonError) {
        try await DedicatedThread.run(name) { self.loop(serve) }
    }

    /// Has the socket served. Callable from any thread.
    func wake() { wakeUp.signal() }

    /// Makes it end. Callable from any thread.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wakeUp.signal()
    }

    private func loop(_ serve: (borrowing Socket) throws(ZeroMQError) -> Void) {
        let taken = socket.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let box = taken?.box else { preconditionFailure("a socket is served once") }
        var poller = Poller(capacity: 2)
        wakeUp.join(&poller)
        poller.add(box.socket)
        do throws(ZeroMQError) {
            while !isStopped.load(ordering: .acquiring) {
                _ = try poller.wait(timeout: nil)
                wakeUp.clear()
                try serve(box.socket)
            }
            try serve(box.socket)
        } catch {
            return
        }
    }
}
