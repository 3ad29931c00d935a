import Foundation
import Testing
import ZeroMQ

@Suite struct SocketMonitorTests {
    /// Waits until the counts are as wanted, or have had ten seconds.
    private func settled(_ monitor: SocketMonitor, _ wanted: (SocketMonitor.Counts) -> Bool) -> SocketMonitor.Counts {
        for _ in 0..<1_000 where !wanted(monitor.counts) { Thread.sleep(forTimeInterval: 0.01) }
        return monitor.counts
    }

    @Test("connections and disconnections are counted, and their difference is who is there")
    func connections() throws {
        let context = try Context()
        let pull = SocketBox(try Socket(.pull, in: context))
        let monitor = try SocketMonitor(of: pull.socket)
        try pull.socket.bind("tcp://127.0.0.1:*")
        let endpoint = try pull.socket.lastEndpoint
        var clients = try (0..<5).map { _ in
            let push = try Socket(.push, in: context)
            try push.set(.linger, .zero)
            try push.connect(endpoint)
            return SocketBox(push)
        }
        #expect(settled(monitor) { $0.handshakes == 5 } == SocketMonitor.Counts(opened: 5, handshakes: 5))
        clients.removeLast(3)
        let counts = settled(monitor) { $0.closed == 3 }
        #expect(counts == SocketMonitor.Counts(opened: 5, closed: 3, handshakes: 5))
        #expect(counts.current == 2)
        withExtendedLifetime(clients) {}
    }

    @Test("a client without a key at a CURVE server is a failed handshake, not a connection")
    func failedHandshake() throws {
        let context = try Context()
        let pull = SocketBox(try Socket(.pull, in: context))
        try pull.socket.becomeCurveServer(.random())
        let monitor = try SocketMonitor(of: pull.socket)
        try pull.socket.bind("tcp://127.0.0.1:*")
        let push = try Socket(.push, in: context)
        try push.set(.linger, .zero)
        try push.set(.reconnectInterval, nil)
        try push.connect(pull.socket.lastEndpoint)
        let counts = settled(monitor) { $0.closed == 1 }
        #expect(counts == SocketMonitor.Counts(opened: 1, closed: 1, failed: 1))
    }

    @Test("a monitor's thread ends with its socket, and then the context can")
    func ends() throws {
        let context = try Context()
        let monitors = try (0..<3).map { _ in
            let pull = try Socket(.pull, in: context)
            let monitor = try SocketMonitor(of: pull)
            try pull.bind("tcp://127.0.0.1:*")
            return monitor
        }
        for monitor in monitors { monitor.join() } // Would hang if a thread went on.
        for monitor in monitors { monitor.join() } // A second time there is nothing to wait for.
        let open = try Socket(.pull, in: context)
        let monitor = try SocketMonitor(of: open)
        context.shutdown()
        monitor.join()
    }
}
