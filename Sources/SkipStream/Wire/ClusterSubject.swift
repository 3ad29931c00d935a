/// The NATS subjects of streams: a name's `/` separate tokens; what a token can't hold is percent-encoded, so that every name has one subject
/// and every subject at most one name.
///
///     plant1/pump 7 → plant1.pump%207
///     a//b.c        → a.%.b%2Ec
///
/// An empty segment is the token `%` alone.
public enum ClusterSubject {
    /// The number of shards.
    public static let shards = 1024

    /// `samples.<shard>.<stream>`
    public static func samples(_ name: some Collection<UInt8>) -> String { "samples.\(shard(of: name)).\(tokens(name))" }
    /// `result.<stream>`
    public static func result(_ name: some Collection<UInt8>) -> String { "result.\(tokens(name))" }
    /// `state.<shard>.<stream>`
    public static func state(_ name: some Collection<UInt8>) -> String { "state.\(shard(of: name)).\(tokens(name))" }

    /// A stream name's tokens.
    public static func tokens(_ name: some Collection<UInt8>) -> String {
        var subject = [UInt8]()
        var tokenStart = 0
        func endToken() { if subject.count == tokenStart { subject.append(UInt8(ascii: "%")) } }
        for byte in name {
            switch byte {
            case UInt8(ascii: "/"):
                endToken()
                subject.append(UInt8(ascii: "."))
                tokenStart = subject.count
            case UInt8(ascii: "."), UInt8(ascii: "*"), UInt8(ascii: ">"), UInt8(ascii: "%"), 0...0x20, 0x7f:
                subject += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            default: subject.append(byte)
            }
        }
        endToken()
        return String(decoding: subject, as: UTF8.self)
    }

    /// The name that tokens stand for; nil where no name has them.
    public static func name(_ tokens: Substring) -> [UInt8]? {
        var name: [UInt8] = []
        for (index, token) in tokens.split(separator: ".", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { name.append(UInt8(ascii: "/")) }
            if token == "%" { continue }
            if token.isEmpty { return nil }
            var bytes = token.utf8.makeIterator()
            while let byte = bytes.next() {
                guard byte == UInt8(ascii: "%") else {
                    name.append(byte)
                    continue
                }
                guard let high = bytes.next().flatMap(value), let low = bytes.next().flatMap(value) else { return nil }
                name.append(high << 4 | low)
            }
        }
        // Another spelling of the same name would be another subject, whose order nobody keeps.
        return self.tokens(name) == tokens ? name : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value - 10 + 0x41 }
    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        default: nil
        }
    }
}
