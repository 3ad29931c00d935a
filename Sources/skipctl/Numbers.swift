// Numbers as people read them. `String(format:)` would bring in all of Foundation.

/// A number with a fixed count of decimals, rounded half away from zero: `decimal(0.8164, 2)` is 0.82.
func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard value.isFinite, scaled < 1e15 else { return String(value) }
    let text = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return sign + (digits == 0 ? padded : "\(padded.dropLast(digits)).\(padded.suffix(digits))")
}

func decimal(_ value: Float, _ digits: Int) -> String { decimal(Double(value), digits) }

/// A share as a percentage with one decimal: `20.5%`; a dash where there is nothing to have a share of.
func percentage(_ part: Int, of whole: Int) -> String { whole == 0 ? "–" : decimal(100 * Double(part) / Double(whole), 1) + "%" }

/// A whole number with its thousands set apart: `1,234,567`.
func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
}

/// A number and what it counts: `1 update`, `1,646 updates`.
func counted(_ value: Int, _ noun: String) -> String { "\(grouped(value)) \(noun)\(value == 1 ? "" : "s")" }
