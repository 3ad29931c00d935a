import SkipConfiguration
import Synchronization
import ZeroMQ

/// Answers requests on the control socket, on a thread of its own. Whatever comes in is answered, and nothing that comes in ends it.
///
/// Requests are handed on to whom they concern, the sample loop mostly, and answered when the answer is there: one that takes long holds up
/// no other.
final class ControlServer: Sendable {
    /// An answer on its way out: its text is made on the server's thread, not on that of the loop that knows it.
    struct Answer: Sendable {
        let address: [[UInt8]]
        let text: @Sendable () -> [UInt8]
    }

    private let endpoint: BoundEndpoint
    private let socket: ServedSocket
    let loop: LoopMailbox
    let about: StatusSource
    let reload: @Sendable () async -> Result<ReloadOutcome, ConfigurationError>
    private let answers = Mutex<[Answer]>([])

    /// Requests are short, but for streams to take over; a peer that sends more is disconnected.
    private static let longestRequest = 1 << 20

    init(_ control: Control, loop: LoopMailbox, about: StatusSource, in context: Context, reload: @escaping @Sendable () async -> Result<ReloadOutcome, ConfigurationError>) throws(DaemonError) {
        let box: SocketBox
        do throws(ZeroMQError) {
            box = SocketBox(try Socket(.router, in: context))
            try box.socket.set(.linger, .seconds(1))
            try box.socket.set(.maxMessageSize, Self.longestRequest)
        } catch {
            throw DaemonError("[control]: \(error)")
        }
        endpoint = try box.socket.bind(control.bind, for: "control")
        socket = try ServedSocket("control", box)
        self.loop = loop
        self.about = about
        self.reload = reload
    }

    /// Runs until it is asked to stop. Its socket is closed then.
    func run() async throws(DaemonError) {
        defer { endpoint.file?.remove() }
        try await socket.run { socket throws(ZeroMQError) in
            while let frames = try socket.receiveMultipart() { self.handle(ControlEnvelope(frames)) }
            try self.sendAnswers(socket)
        }
    }

    /// Makes it end, once the answers that are there have left. Callable from any thread.
    func stop() { socket.stop() }

    /// Leaves an answer. Callable from any thread.
    func answer(_ answer: Answer) {
        answers.withLock { $0.append(answer) }
        socket.wake()
    }

    private func sendAnswers(_ socket: borrowing Socket) throws(ZeroMQError) {
        let ready = answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
        // A peer that is gone, or reads nothing, misses its answer: a ROUTER drops it.
        for answer in ready { _ = try socket.sendMultipart(answer.address + [answer.text()]) }
    }
}
