extension Duration {
    private static let units: [(suffix: String, milliseconds: Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]

    /// Reads `500ms`, `10s`, `5m`, `24h` or `0`; nil where it is none of these, or longer than a hundred years.
    public init?(configurationText text: String) {
        if text == "0" {
            self = .zero
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), let unit = Self.units.first(where: { $0.suffix == text[digits.endIndex...] }) else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, milliseconds <= 100 * 366 * 24 * 3_600_000 else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// The text that reads back as the same time, to the millisecond, in the largest unit that does.
    public var configurationText: String {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0, let unit = Self.units.last(where: { milliseconds % $0.milliseconds == 0 }) else { return "0" }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
