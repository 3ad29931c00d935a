/// A CURVE key as ZeroMQ writes it: 40 characters of Z85 (RFC 32), which stand for 32 bytes.
public enum CurveKeyText {
    /// Characters of a key.
    public static let length = 40
    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// A Boolean value indicating whether a text is a key.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        let digits = text.utf8.map { alphabet.firstIndex(of: $0) }
        guard digits.count == length else { return false }
        // Five characters are four bytes: some texts of five stand for more than fits.
        return stride(from: 0, to: length, by: 5).allSatisfy { start in
            var value: UInt64 = 0
            for digit in digits[start..<(start + 5)] {
                guard let digit else { return false }
                value = value * 85 + UInt64(digit)
            }
            return value <= UInt64(UInt32.max)
        }
    }
}
