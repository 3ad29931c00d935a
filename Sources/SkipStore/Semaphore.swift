import Glibc

/// A counting semaphore: what one thread waits for until another signals it.
final class Semaphore: @unchecked Sendable { // POSIX semaphores are made to be used from several threads
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}
