import Glibc

/// Tells systemd how the daemon is, by datagrams to `$NOTIFY_SOCKET`; does nothing where there is none.
///
/// The protocol is that of sd_notify(3): lines of `NAME=value`. By hand, since libsystemd would bring six libraries along.
package struct SystemdNotifier: Sendable {
    private let address: String?

    /// - Parameter address: a socket's path, or with `@` before it a name in the abstract space.
    package init(address: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        self.address = address.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// A Boolean value indicating whether there is somebody to tell.
    package var isActive: Bool { address != nil }

    /// The daemon is up.
    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// A reload has begun; `ready` says that it is over.
    package func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(Time.monotonic / 1000)\nSTATUS=Reloading") }

    /// The daemon is about to end.
    package func stopping() { send("STOPPING=1\nSTATUS=Stopping") }

    /// The daemon is alive.
    package func watchdog(status: String) { send("WATCHDOG=1\nSTATUS=\(status)") }

    /// What `systemctl status` shows.
    package func status(_ text: String) { send("STATUS=\(text)") }

    /// The time within which systemd wants to hear `watchdog`; nil for none.
    package static func watchdogInterval(usec: String? = getenv("WATCHDOG_USEC").map { String(cString: $0) }, pid: String? = getenv("WATCHDOG_PID").map { String(cString: $0) }) -> Duration? {
        guard let usec = usec.flatMap({ Int64($0) }), usec > 0, pid.map({ Int32($0) == getpid() }) ?? true else { return nil }
        return .microseconds(usec)
    }

    private func send(_ message: String) {
        guard let address else { return }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        guard path.count < MemoryLayout.size(ofValue: name.sun_path) else { return }
        // An abstract name begins with a zero byte and has no closing one.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        // Whether systemd reads it or not, the daemon goes on.
        withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                _ = sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), name, length)
            }
        }
    }
}
