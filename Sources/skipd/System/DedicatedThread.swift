import Glibc

/// A thread of its own, for what blocks in libzmq's poll: on Swift's shared threads it would keep other tasks from running.
enum DedicatedThread {
    /// Runs `body` on a new thread and waits, without blocking one, until it has returned.
    /// - Parameter name: at most 15 bytes; what `top -H` and debuggers show.
    static func run(_ name: String, _ body: @escaping @Sendable () -> Void) async throws(DaemonError) {
        let failure: CInt = await withCheckedContinuation { continuation in
            let start = Unmanaged.passRetained(Start(name, body) { continuation.resume(returning: 0) })
            var thread = pthread_t()
            let failure = pthread_create(&thread, nil, { argument in
                if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, start.toOpaque())
            if failure == 0 {
                pthread_detach(thread)
            } else {
                start.release()
                continuation.resume(returning: failure)
            }
        }
        if failure != 0 { throw DaemonError("can't start the thread \(name): \(String(cString: strerror(failure)))") }
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        let end: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void, end: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
            self.end = end
        }

        func run() {
            // Signals are for the threads that act on them; here they would only interrupt the poll.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            setName()
            body()
            end()
        }

        /// pthread_setname_np(3) is not among what Swift imports; this is what it does.
        private func setName() {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            _ = write(file, name, name.utf8.count)
            close(file)
        }
    }
}
