import Synchronization

/// The one crossing between the sample loop and everybody else: requests go in from any thread, the loop takes them between blocks.
///
/// The loop looks at a flag once a block, which costs nothing; a loop that waits for samples is woken.
final class LoopMailbox: Sendable {
    private struct State {
        var requests: [LoopRequest] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let flag = Atomic<Bool>(false)
    /// What the loop's poll waits for.
    let wakeUp: WakeUp

    init() throws(DaemonError) { wakeUp = try WakeUp() }

    /// Leaves a request; one that comes too late is refused.
    func post(_ request: LoopRequest) {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            state.requests.append(request)
            return true
        }
        guard isTaken else { return request.refuse() }
        flag.store(true, ordering: .releasing)
        wakeUp.signal()
    }

    /// Leaves a request and waits for its answer.
    func ask<Value: Sendable>(_ request: @escaping (@escaping LoopReply<Value>) -> LoopRequest) async throws(LoopStopped) -> Value {
        let result = await withCheckedContinuation { continuation in
            post(request { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// A Boolean value indicating whether there may be requests. The loop's.
    var hasMail: Bool { flag.load(ordering: .acquiring) }

    /// Takes all requests. The loop's.
    func take() -> [LoopRequest] {
        flag.store(false, ordering: .releasing)
        wakeUp.clear()
        return state.withLock { state in
            defer { state.requests.removeAll(keepingCapacity: true) }
            return state.requests
        }
    }

    /// Refuses all requests that are left and those to come.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.requests = [] }
            return state.requests
        }
        for request in left { request.refuse() }
    }
}
