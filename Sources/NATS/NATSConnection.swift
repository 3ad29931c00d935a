import CNATS

/// A connection to NATS, used from one thread. Whatever comes, answers included, waits in one queue, which `next` takes from; `descriptor`
/// is readable while something waits. A connection that breaks is made anew for as long as the process lives.
public final class NATSConnection {
    private let handle: OpaquePointer
    /// Subjects that begin with it come to this connection: `_INBOX.….`.
    public let inbox: String

    /// Where the servers are and how to get in; files by their paths.
    public struct Options: Sendable, Equatable {
        public var servers: [String]
        public var name: String
        public var credentials, ca, certificate, key: String?

        public init(servers: [String], name: String, credentials: String? = nil, ca: String? = nil, certificate: String? = nil, key: String? = nil) {
            (self.servers, self.name, self.credentials) = (servers, name, credentials)
            (self.ca, self.certificate, self.key) = (ca, certificate, key)
        }
    }

    /// Connects to one of the servers.
    public init(_ options: Options) throws(NATSError) {
        var problem = [CChar](repeating: 0, count: 256)
        let handle = withCStrings(options.servers) { servers in
            withCStrings([options.name, options.credentials, options.ca, options.certificate, options.key]) { texts in
                var wanted = cnats_options(
                    servers: servers.baseAddress, server_count: CInt(servers.count), name: texts[0], credentials: texts[1], ca: texts[2], certificate: texts[3], key: texts[4])
                return cnats_connect(&wanted, &problem, problem.count)
            }
        }
        guard let handle else {
            let reason = String(decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw NATSError("can't connect to NATS at \(options.servers.joined(separator: ", ")): \(Self.explain(reason))")
        }
        self.handle = handle
        inbox = String(cString: cnats_inbox(handle))
    }

    deinit { cnats_close(handle) }

    /// What libnats says, without the place in its source, and what to look at.
    private static func explain(_ reason: String) -> String {
        let words = reason.hasPrefix("(") ? reason.drop { $0 != ")" }.dropFirst().drop { $0 == ":" || $0 == " " } : reason[...]
        if words.contains("Authorization") { return "\(words): the server knows no such user, look at the credentials" }
        if words.contains("SSL") { return "\(words): the server's certificate is not from who the ca file says" }
        // What libnats makes of a connection that the server ends.
        if words.contains("Expected 'PONG'") { return "the server ended the connection: if it asks for certificates, look at the certificate and its key" }
        if words.contains("No server available") { return "\(words): is it running, and is that its address?" }
        return String(words)
    }

    public var descriptor: CInt { cnats_descriptor(handle) }
    public var isConnected: Bool { cnats_is_connected(handle) }
    /// How often the connection has been made anew.
    public var reconnects: UInt64 { cnats_reconnects(handle) }

    /// Has a subject's messages come too.
    public func subscribe(_ subject: String) throws(NATSError) {
        guard cnats_subscribe(handle, subject) else { throw NATSError("can't subscribe to \(subject)") }
    }

    /// Sends a message; its answer, if it asks for one, comes to `inbox` + `reply`.
    /// - Returns: false where it can't be sent now.
    @discardableResult
    public func publish(_ subject: String, reply: String? = nil, headers: [(String, String)] = [], _ bytes: [UInt8]) -> Bool {
        withCStrings(headers.flatMap { [$0.0, $0.1] }) { texts in
            withCStrings([subject, reply.map { inbox + $0 }]) { names in
                bytes.withUnsafeBytes { cnats_publish(handle, names[0], names[1], texts.baseAddress, CInt(headers.count), $0.baseAddress, CInt($0.count)) }
            }
        }
    }

    /// Sends a request and waits for the answer.
    public func request(_ subject: String, _ text: String = "", timeout: Duration = .seconds(5)) throws(NATSError) -> NATSMessage {
        var text = text
        let milliseconds = CInt(clamping: timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000)
        guard let answer = text.withUTF8({ cnats_request(handle, subject, $0.baseAddress, CInt($0.count), milliseconds) }) else {
            throw NATSError("NATS doesn't answer to \(subject)")
        }
        return NATSMessage(answer)
    }

    /// The next message that has come; nil where none waits.
    public func next() -> NATSMessage? { cnats_next(handle).map { NATSMessage($0) } }
}

/// A message that has come.
public final class NATSMessage {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { cnats_free(handle) }

    public var subject: String { String(cString: cnats_subject(handle)) }
    public var reply: String? { cnats_reply(handle).map { String(cString: $0) } }
    /// A copy of the bytes: also of a message that nobody keeps.
    public var copiedBytes: [UInt8] { withExtendedLifetime(self) { Array(bytes) } }
    /// Valid as long as the message is: never to be taken of one that an expression has just made, which is gone before they are read.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: cnats_bytes(handle), count: Int(cnats_count(handle))) }
    /// A header's value.
    public func header(_ name: String) -> String? { cnats_header(handle, name).map { String(cString: $0) } }
    /// What the server says of a request: 404 nothing there, 408 its time is over, 503 nobody answers. nil for a plain message.
    public var status: Int? { header("Status").flatMap { Int($0) } }
}

/// Why NATS can't be used: one sentence.
public struct NATSError: Error, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ sentence: String) { description = sentence }
}

/// Calls `body` with C strings, NULL for nil, that are valid during the call.
private func withCStrings<Result>(_ texts: [String?], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    // All in one buffer, one after the other.
    var bytes: [CChar] = []
    var offsets: [Int?] = []
    for text in texts {
        offsets.append(text == nil ? nil : bytes.count)
        guard let text else { continue }
        for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
        bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { all in
        let pointers: [UnsafePointer<CChar>?] = offsets.map { offset in
            guard let offset, let start = all.baseAddress else { return nil }
            return start + offset
        }
        return pointers.withUnsafeBufferPointer(body)
    }
}
