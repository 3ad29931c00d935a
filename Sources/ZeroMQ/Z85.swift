import CZeroMQ

/// ZeroMQ's text form of keys (RFC 32/Z85): 5 characters for 4 bytes.
public enum Z85 {
    /// The text for `bytes`, whose count must be a multiple of 4.
    public static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % 4 == 0, "Z85 encodes multiples of 4 bytes")
        var text = [CChar](repeating: 0, count: bytes.count / 4 * 5 + 1)
        zmq_z85_encode(&text, bytes, bytes.count)
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The bytes of `text`, or nil if it isn't Z85.
    public static func decode(_ text: String) -> [UInt8]? {
        let length = text.utf8.count
        guard length > 0, length % 5 == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: length / 5 * 4)
        guard zmq_z85_decode(&bytes, text) != nil else { return nil }
        return bytes
    }
}
