/// Sizes as the configuration writes them: `512B`, `64KiB`, `1MiB`, `2GiB`.
public enum ByteCount {
    private static let units: [(suffix: String, bytes: Int)] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

    /// The count of bytes; nil where the text is none.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), let unit = units.first(where: { $0.suffix == text[digits.endIndex...] }) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// The text that reads back as the same count, in the largest unit that does.
    public static func text(_ bytes: Int) -> String {
        guard bytes != 0, let unit = units.last(where: { bytes % $0.bytes == 0 }) else { return "0B" }
        return "\(bytes / unit.bytes)\(unit.suffix)"
    }
}
