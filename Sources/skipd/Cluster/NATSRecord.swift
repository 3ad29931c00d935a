// What JetStream answers when it is asked for a message that it has.
import FoundationEssentials
import NATS
import SkipRNN

/// A message as a stream keeps it.
struct NATSRecord {
    var subject = ""
    var sequence: UInt64 = 0
    /// The headers' block, as it is on the wire.
    var headers: [UInt8] = []
    var bytes: [UInt8] = []

    /// The answer to a request for a stored message; nil where there is none.
    static func answer(_ message: NATSMessage?) -> Result<NATSRecord?, NATSError> {
        guard let message, message.status == nil else { return .failure(NATSError("JetStream is not to be had")) }
        var record: NATSRecord?
        var code = 0
        do throws(JSONError) {
            var reader = JSONReader(message.bytes)
            try reader.object { (reader, key) throws(JSONError) in
                if key.equals("message") { record = try NATSRecord(&reader) } else if key.equals("error") {
                    try reader.object { (reader, key) throws(JSONError) in if key.equals("code") { code = try reader.integer() } else { try reader.skipValue() } }
                } else { try reader.skipValue() }
            }
        } catch { return .failure(NATSError("JetStream's answer is not JSON")) }
        if let record { return .success(record) }
        return code == 404 ? .success(nil) : .failure(NATSError("JetStream refuses to tell a subject's last message (\(code))"))
    }

    private init(_ reader: inout JSONReader) throws(JSONError) {
        var (subject, sequence, headers, bytes) = ("", UInt64(0), [UInt8](), [UInt8]())
        try reader.object { (reader, key) throws(JSONError) in
            if key.equals("subject") { subject = try reader.text().string } else if key.equals("seq") { sequence = try reader.integer() } else if key.equals("hdrs") {
                headers = Self.decoded(try reader.text().string)
            } else if key.equals("data") { bytes = Self.decoded(try reader.text().string) } else { try reader.skipValue() }
        }
        (self.subject, self.sequence, self.headers, self.bytes) = (subject, sequence, headers, bytes)
    }

    private static func decoded(_ text: String) -> [UInt8] { Data(base64Encoded: text).map(Array.init) ?? [] }

    /// A header's value.
    func header(_ name: String) -> String? {
        for line in String(decoding: headers, as: UTF8.self).split(whereSeparator: \.isNewline) where line.hasPrefix(name + ":") {
            return String(line.dropFirst(name.count + 1).drop { $0 == " " })
        }
        return nil
    }
}
