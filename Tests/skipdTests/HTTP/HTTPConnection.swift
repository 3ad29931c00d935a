import Foundation
import Glibc

/// What came back for one HTTP request.
struct HTTPReply {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: String
}

/// A connection to an HTTP server, without a library, so that anything can be sent.
final class HTTPConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects to `http://HOST:PORT/`.
    init(_ url: String) throws {
        let parts = url.dropFirst("http://".count).prefix { $0 != "/" }.split(separator: ":")
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = (UInt16(parts[1]) ?? 0).bigEndian
        inet_pton(AF_INET, String(parts[0]), &address.sin_addr)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw TestFailure("\(url) can't be reached: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Sends a request's head.
    func request(_ method: String, _ path: String, host: String = "localhost") { send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n") }

    /// Reads until a text has come, and returns what came up to its end.
    func read(through text: String) throws -> String {
        let wanted = Array(text.utf8)
        while true {
            if let range = buffer.firstRange(of: wanted) {
                defer { buffer.removeSubrange(..<range.upperBound) }
                return String(decoding: buffer[..<range.upperBound], as: UTF8.self)
            }
            try fill()
        }
    }

    /// Reads a reply; that to HEAD has no body.
    func reply(toHead: Bool = false) throws -> HTTPReply {
        let lines = try read(through: "\r\n\r\n").split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            headers[line[..<colon].lowercased()] = line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
        }
        let length = toHead ? 0 : Int(headers["content-length"] ?? "0") ?? 0
        while buffer.count < length { try fill() }
        defer { buffer.removeFirst(length) }
        return HTTPReply(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: String(decoding: buffer.prefix(length), as: UTF8.self))
    }

    /// Reads until the server closes the connection; false where it doesn't within a minute.
    func isClosed() -> Bool {
        while true {
            do { try fill() } catch { return error.isEnd }
        }
    }

    private struct Silence: Error, CustomStringConvertible {
        let isEnd: Bool
        var description: String { isEnd ? "the server has closed the connection" : "the server sends nothing" }
    }

    private func fill() throws(Silence) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw Silence(isEnd: count == 0 || errno == ECONNRESET) }
        buffer += bytes[..<count]
    }
}

extension RunningDaemon {
    /// Starts skipd with its HTTP server at a port that the system chooses.
    static func withHTTP(route: String = "emit = \"update\"") throws -> RunningDaemon {
        try RunningDaemon(configuration: { RunningDaemon.configuration($0, route: route).replacing("listen = \"\"", with: "listen = \"127.0.0.1:*\"") })
    }

    /// Where its HTTP server listens: `http://127.0.0.1:PORT/`.
    func url() throws -> String {
        let mark = "dashboard and metrics at "
        try waitForLog(mark)
        // The whole line may not be there yet.
        try waitForLog("/\n")
        guard let line = log.split(separator: "\n").first(where: { $0.contains(mark) }), let range = line.range(of: mark) else {
            throw TestFailure("the log does not say where the dashboard is")
        }
        return String(line[range.upperBound...])
    }

    /// Asks its HTTP server.
    func get(_ path: String, method: String = "GET", host: String = "localhost") throws -> HTTPReply {
        let connection = try HTTPConnection(try url())
        connection.request(method, path, host: host)
        return try connection.reply(toHead: method == "HEAD")
    }
}
