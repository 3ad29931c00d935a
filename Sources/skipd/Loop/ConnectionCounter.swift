import Synchronization
import ZeroMQ

/// Counts what happens to the connections of a socket, and of the sockets that take its place.
final class ConnectionCounter: Sendable {
    private struct State {
        var monitors: [SocketMonitor] = []
        /// Of the sockets before the present one.
        var past = SocketMonitor.Counts()
    }

    private let state = Mutex(State())

    /// Counts a socket's connections from now on: to be called before it binds or connects. One that was watched before is closed.
    func watch(_ socket: borrowing Socket) throws(ZeroMQError) {
        let monitor = try SocketMonitor(of: socket, trimsHeap: true)
        state.withLock { state in
            if let counts = state.monitors.last?.counts {
                // What was open has closed with its socket.
                state.past = state.past + SocketMonitor.Counts(opened: counts.opened, closed: counts.opened, handshakes: counts.handshakes, refused: counts.refused, failed: counts.failed)
            }
            state.monitors = [monitor]
        }
    }

    /// The counts so far.
    var counts: SocketMonitor.Counts { state.withLock { state in state.monitors.last.map { state.past + $0.counts } ?? state.past } }

    /// Waits until the monitor's thread has ended, after the socket was closed.
    func join() { for monitor in state.withLock({ $0.monitors }) { monitor.join() } }
}

extension SocketMonitor.Counts {
    fileprivate static func + (a: Self, b: Self) -> Self {
        Self(opened: a.opened + b.opened, closed: a.closed + b.closed, handshakes: a.handshakes + b.handshakes, refused: a.refused + b.refused, failed: a.failed + b.failed)
    }
}
