extension StringProtocol {
    /// The text with control characters, and those that turn the direction of writing round, spelled out: what a model's labels or a stranger's
    /// messages have in them moves no cursor, breaks no line and colours nothing.
    package var printable: String { printable(besides: []) }

    /// The same, with other characters spelled out as well, such as the quotation marks around it.
    package func printable(besides others: [Unicode.Scalar]) -> String {
        guard unicodeScalars.contains(where: { $0.isUnprintable || others.contains($0) }) else { return String(self) }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable || others.contains(scalar) { text += "\\u{\(String(scalar.value, radix: 16))}" } else { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: properties.isBidiControl
        }
    }
}
