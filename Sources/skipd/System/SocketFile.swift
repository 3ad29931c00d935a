import Glibc
import SkipConfiguration

/// The file of an ipc endpoint. libzmq deletes whatever lies there and listens anew, so what lies there is looked at first; and it leaves its
/// file behind, so that is taken away in the end.
struct SocketFile: Sendable {
    private let path: String
    /// What tells our file from one that another process has put in its place since.
    private let device: dev_t
    private let number: ino_t

    /// Takes note of the file that binding an endpoint has made; nil for an endpoint without one.
    private init?(_ endpoint: Endpoint) {
        var information = stat()
        guard let path = Self.path(endpoint), lstat(path, &information) == 0 else { return nil }
        self.path = path
        device = information.st_dev
        number = information.st_ino
    }

    private static func path(_ endpoint: Endpoint) -> String? {
        guard case .ipc(let path) = endpoint, !path.hasPrefix("@") else { return nil }
        return path
    }

    /// Runs `bind` so that the file it makes is for its owner and group only, mode 0660, and returns the file, if it made one.
    static func bind<Failure: Error>(_ endpoint: Endpoint, _ bind: () throws(Failure) -> Void) throws(Failure) -> SocketFile? {
        let mask = umask(0o117)
        defer { umask(mask) }
        try bind()
        return SocketFile(endpoint)
    }

    /// Takes the file away, if it is still ours.
    func remove() {
        var information = stat()
        if lstat(path, &information) == 0, information.st_dev == device, information.st_ino == number { unlink(path) }
    }

    /// Makes sure that an endpoint may be bound: its folder exists, and at its path there is nothing, or a socket that nobody listens at.
    static func prepare(_ endpoint: Endpoint) throws(DaemonError) {
        guard let path = path(endpoint) else { return }
        try makeFolder(of: path)
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else { throw DaemonError("\(endpoint) can't be bound: \(path) is a file that is no socket; remove it or choose another path") }
        if hasListener(path) { throw DaemonError("\(endpoint) can't be bound: another process listens there; is skipd running already?") }
    }

    private static func makeFolder(of path: String) throws(DaemonError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if access(folder, F_OK) == 0 { return }
        try makeFolder(of: folder)
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else { throw DaemonError("the folder \(folder) can't be made: \(String(cString: strerror(errno)))") }
    }

    /// A Boolean value indicating whether somebody accepts connections at a socket file; one left behind by a dead process has nobody.
    private static func hasListener(_ path: String) -> Bool {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count - 1))) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        // A full backlog (EAGAIN) and a lack of permission mean that somebody is there.
        return result == 0 || errno != ECONNREFUSED
    }
}
