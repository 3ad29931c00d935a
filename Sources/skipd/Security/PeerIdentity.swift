/// Who is behind a connection: what the ZAP handler writes into its `User-Id`, which each of its messages then carries.
///
///     17.4242     device 17, the 4,242nd connection let in
///
/// The device's number is the same for all connections of a key, as long as the process runs; the connection's is never used again.
package struct PeerIdentity: Equatable {
    package let device: UInt32
    package let connection: UInt64

    package init(device: UInt32, connection: UInt64) {
        self.device = device
        self.connection = connection
    }

    /// Reads a `User-Id`; nil where it is none of ours.
    package init?(_ text: UnsafeRawBufferPointer) {
        var (numbers, index, digits): ((UInt64, UInt64), Int, Int) = ((0, 0), 0, 0)
        for byte in text {
            if byte == UInt8(ascii: "."), index == 0, digits > 0 {
                (index, digits) = (1, 0)
                continue
            }
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte, digits < 18 else { return nil }
            digits += 1
            let digit = UInt64(byte - UInt8(ascii: "0"))
            if index == 0 { numbers.0 = numbers.0 * 10 + digit } else { numbers.1 = numbers.1 * 10 + digit }
        }
        guard index == 1, digits > 0, numbers.0 < UInt64(UInt32.max) else { return nil }
        self.init(device: UInt32(numbers.0), connection: numbers.1)
    }

    package var userID: String { "\(device).\(connection)" }
}
