import Glibc

/// IP addresses of which the first bits are the same: `10.0.0.0/8`, `192.168.1.7`, `fd00::/8`.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// 4 or 16.
    private let bytes: [UInt8]
    private let bits: Int

    /// Reads an address, with the count of its bits that matter behind a slash where that isn't all; nil where it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = Self.bytes(String(parts[0])) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let given = Int(parts[1]), given <= bits else { return nil }
            bits = given
        }
        self.bytes = bytes
        self.bits = bits
        description = text
    }

    /// A Boolean value indicating whether the range has an address; false for what is none.
    public func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(address), other.count == bytes.count else { return false }
        return bytes.indices.allSatisfy { index in
            let matter = max(0, min(8, bits - 8 * index))
            return (bytes[index] ^ other[index]) >> UInt8(8 - matter) == 0
        }
    }

    /// An address's bytes; an IPv4 address in IPv6's clothes (`::ffff:10.0.0.7`, as sockets for both have it) is one of IPv4.
    private static func bytes(_ address: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, address, &bytes) == 1 { return Array(bytes[..<4]) }
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        return isMapped ? Array(bytes[12...]) : bytes
    }
}
