import Glibc

/// Calls `body` with 0 ..< count, on as many threads as asked for, and returns when all calls have.
///
/// Plain threads: a step takes milliseconds and starting one some 20 µs.
func inParallel(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    withoutActuallyEscaping(body) { body in
        var others: [pthread_t] = []
        for index in 1..<count {
            let job = Unmanaged.passRetained(Job { body(index) })
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { argument in
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, job.toOpaque())
            if status == 0 { others.append(thread) } else { job.takeRetainedValue().work() }
        }
        body(0)
        for thread in others { pthread_join(thread, nil) }
    }
}

/// A thread's work.
private final class Job: Sendable {
    let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
