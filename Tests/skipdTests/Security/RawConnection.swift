import Foundation
import Glibc

/// A tcp connection without ZeroMQ: for those who don't keep to its protocol.
final class RawConnection {
    let descriptor: Int32

    /// Connects to `tcp://127.0.0.1:PORT`.
    init(_ endpoint: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: endpoint.split(separator: ":").last.flatMap { UInt16($0) } ?? 0)
        let result = Self.with(&address) { connect(descriptor, $0, $1) }
        guard descriptor >= 0, result == 0 else { throw TestFailure("\(endpoint) can't be connected to: \(String(cString: strerror(errno)))") }
        setPatience()
    }

    private init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        setPatience()
    }

    deinit { close(descriptor) }

    private func setPatience() {
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends bytes; false where the other side has hung up.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// What has come, at least a byte; nil where the other side has hung up.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Waits for so many bytes, whatever they are.
    func receive(atLeast count: Int) throws {
        var missing = count
        while missing > 0 {
            guard let bytes = receive() else { throw TestFailure("the other side has hung up") }
            missing -= bytes.count
        }
    }

    /// Waits until the other side hangs up; false where it doesn't.
    func waitForEnd() -> Bool {
        errno = 0
        while receive() != nil {}
        return errno != EAGAIN
    }

    /// ZMTP's greeting of a CURVE client.
    static let greeting = greeting(mechanism: "CURVE")

    /// ZMTP's greeting of a client.
    static func greeting(mechanism: String) -> [UInt8] {
        [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 1] + Array(mechanism.utf8) + [UInt8](repeating: 0, count: 52 - mechanism.utf8.count)
    }

    /// Bytes of a PULL socket's greeting and READY command.
    static let handshakeOfPull = 92

    /// ZMTP's READY command of a client without keys, with what it says of itself: fewer than 250 bytes.
    static func ready(_ properties: [String: String]) -> [UInt8] {
        let body = properties.reduce([5] + Array("READY".utf8)) { body, property in
            body + [UInt8(property.key.utf8.count)] + Array(property.key.utf8) + [0, 0, 0, UInt8(property.value.utf8.count)] + Array(property.value.utf8)
        }
        return [4, UInt8(body.count)] + body
    }

    /// Listens at a port of the system's choice, and accepts connections.
    final class Listener {
        let descriptor: Int32
        let endpoint: String

        init() throws {
            // Closures may not take it from an object that isn't whole yet.
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            self.descriptor = descriptor
            var address = RawConnection.loopback(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = RawConnection.with(&address) { bind(descriptor, $0, $1) }
            guard result == 0, listen(descriptor, 16) == 0 else { throw TestFailure("no port can be listened at") }
            _ = withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) } }
            endpoint = "tcp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        }

        deinit { close(descriptor) }

        func accept() throws -> RawConnection {
            let connection = Glibc.accept(descriptor, nil, nil)
            guard connection >= 0 else { throw TestFailure("no connection comes") }
            return RawConnection(accepted: connection)
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func with<Result>(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) } }
    }
}

/// What a process holds.
struct ProcessUse {
    let descriptors: Int
    /// Bytes in memory.
    let resident: Int

    init(_ process: pid_t) throws {
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
        let pages = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8).split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        resident = pages * 4096
    }
}
