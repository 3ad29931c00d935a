/// A number with a fixed count of decimals, for coordinates and tables.
func decimals(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard value.isFinite, scaled < 1e15 else { return "0" }
    let text = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return sign + (digits == 0 ? padded : "\(padded.dropLast(digits)).\(padded.suffix(digits))")
}

/// A share as a percentage with one decimal.
func percentage(_ share: Double) -> String { decimals(100 * share, 1) + " %" }

/// Text with the characters that mean something in HTML escaped.
func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}
