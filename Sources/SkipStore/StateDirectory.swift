import Glibc
import Synchronization

/// The folder in which one daemon keeps its streams' states.
///
///     state.sqlite                                the states, and beside it state.sqlite-wal while skipd runs
///     state.damaged-2026-11-23T02:03:04Z          a store that was damaged, as it was found
///     lock                                        held by the daemon that uses the folder
public final class StateDirectory: Sendable {
    public let path: String
    /// The lock file; −1 while it isn't held.
    private let lock = Mutex<CInt>(-1)

    public init(_ path: String) { self.path = path }

    deinit { release() }

    /// The store's file.
    var store: String { path + "/state.sqlite" }

    /// Makes the folder, if it is missing, and takes it for this process; does nothing where that is done. A folder that somebody has removed
    /// meanwhile is made anew.
    /// - Throws: `StoreError`, with `isInUse` where another process has it.
    public func take() throws(StoreError) {
        try lock.withLock { (lock) throws(StoreError) in
            if lock >= 0, !isAt(lock) {
                Self.unlock(lock)
                lock = -1
            }
            if lock < 0 { lock = try open() }
        }
    }

    /// Whether the lock file that is held is still the one in the folder.
    private func isAt(_ lock: CInt) -> Bool {
        var (held, found) = (stat(), stat())
        return fstat(lock, &held) == 0 && stat(path + "/lock", &found) == 0 && held.st_ino == found.st_ino && held.st_dev == found.st_dev
    }

    private func open() throws(StoreError) -> CInt {
        if mkdir(path, 0o750) != 0, errno != EEXIST { throw failure("make the folder \(path)") }
        // On a read-only disk a lock file that is there can be locked all the same.
        var file = Glibc.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if file < 0, errno == EROFS || errno == EACCES { file = Glibc.open(path + "/lock", O_RDONLY | O_CLOEXEC) }
        guard file >= 0 else { throw failure("open \(path)/lock") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(file)
            if code == EWOULDBLOCK { throw StoreError("another skipd keeps its states in \(path): give each its own [state] directory", isInUse: true) }
            errno = code
            throw failure("lock \(path)/lock")
        }
        return file
    }

    /// Leaves the folder to other processes.
    func release() {
        lock.withLock { lock in
            if lock >= 0 { Self.unlock(lock) }
            lock = -1
        }
    }

    /// Unlocks besides closing: a child between its fork and its exec has the file too, and would keep the lock.
    private static func unlock(_ lock: CInt) {
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// Renames the store, so that it is kept as it is and a new one can be made.
    /// - Parameter why: a word for its name, such as `damaged`.
    /// - Returns: its new path.
    func setStoreAside(_ why: String) throws(StoreError) -> String {
        let name = "\(path)/state.\(why)-\(Self.timestamp)"
        var target = name
        var number = 1
        while access(target, F_OK) == 0 {
            number += 1
            target = "\(name).\(number)"
        }
        guard rename(store, target) == 0 else { throw failure("rename \(store) to \(target)") }
        // What was not yet moved from there into the file belongs to it; without one this fails, rightly.
        _ = rename(store + "-wal", target + "-wal")
        _ = unlink(store + "-shm")
        return target
    }

    private static var timestamp: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func failure(_ action: String) -> StoreError { StoreError("can't \(action): \(String(cString: strerror(errno)))") }
}
