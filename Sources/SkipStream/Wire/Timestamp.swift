// Nanoseconds since the Unix epoch as RFC 3339 text, e.g. 2026-11-22T23:00:00.123456789Z.

extension [UInt8] {
    /// Appends a time in UTC with nine digits of its second. Days to dates after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    package mutating func append(timestamp nanoseconds: Int64) {
        let (seconds, fraction) = Self.floorDivide(nanoseconds, 1_000_000_000)
        let (days, secondOfDay) = Self.floorDivide(seconds, 86_400)
        // Years are counted from March, so that the leap day comes last; an era is 400 years.
        let (era, dayOfEra) = Self.floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        append(decimal: year, width: 4)
        append(UInt8(ascii: "-"))
        append(decimal: month, width: 2)
        append(UInt8(ascii: "-"))
        append(decimal: day, width: 2)
        append(UInt8(ascii: "T"))
        append(decimal: secondOfDay / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: secondOfDay / 60 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: secondOfDay % 60, width: 2)
        append(UInt8(ascii: "."))
        append(decimal: fraction, width: 9)
        append(UInt8(ascii: "Z"))
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
    }

    /// Appends a number that is not negative, with leading zeros up to `width` digits.
    mutating func append(decimal value: Int64, width: Int = 1) {
        // From the back, in room on the stack: dividing by a constant is a multiplication.
        let room = 20
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { digits in
            var (rest, first) = (value.magnitude, room)
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            } while rest > 0 || room - first < width
            append(contentsOf: UnsafeRawBufferPointer(rebasing: digits[first...]))
        }
    }
}
