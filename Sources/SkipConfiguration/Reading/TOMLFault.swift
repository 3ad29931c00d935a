/// A fault in a TOML text at which toml++ doesn't refuse the text but ends the process, by an assertion in its parser, or does anything. `make fuzz` finds them.
struct TOMLFault {
    let line: Int
    let column: Int
    let sentence: String

    /// The first one.
    static func first(in bytes: [UInt8]) -> TOMLFault? {
        // The last byte that isn't blank, of this line or one before.
        var last: UInt8?
        let text = bare(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...])
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            func fault(_ place: Int, _ sentence: String) -> TOMLFault { TOMLFault(line: index + 1, column: place - line.startIndex + 1, sentence: sentence) }
            if let place = badHeader(line) { return fault(place, "a table's name was expected after [, in letters, digits, - and _, or in quotes") }
            // Some of them it takes for blanks, of others it declares impossible that they come.
            if let place = line.firstIndex(where: { $0 >= 0x80 }) { return fault(place, "a character beyond ASCII may stand in quotes or in a comment only") }
            if let place = badTime(line) { return fault(place, "a time of day was expected after the date and T") }
            if let place = badElement(line, after: &last) { return fault(place, "a value or ] was expected, not }") }
        }
        return nil
    }

    /// Where a line that begins with [ goes on as no table header can (`parse_key`).
    ///
    /// In an array of several lines such a line is refused as well, which none of our keys needs.
    private static func badHeader(_ line: ArraySlice<UInt8>) -> Int? {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var rest = line.drop(while: isBlank)
        guard rest.first == UInt8(ascii: "[") else { return nil }
        rest = rest.dropFirst().drop(while: isBlank)
        if rest.first == UInt8(ascii: "[") { rest = rest.dropFirst().drop(while: isBlank) }
        switch rest.first ?? UInt8(ascii: "\n") {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"):
            return nil
        default: return rest.startIndex
        }
    }

    /// Where a date and T are followed by what begins no time (`parse_time`). As a key it would be in order, but none of ours.
    private static func badTime(_ line: ArraySlice<UInt8>) -> Int? {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        for place in line.indices where (line[place] | 0x20) == UInt8(ascii: "t") && place - line.startIndex >= 10 {
            let date = Array(line[(place - 10)..<place])
            guard date[4] == UInt8(ascii: "-"), date[7] == UInt8(ascii: "-"), (date[..<4] + date[5..<7] + date[8...]).allSatisfy(isDigit) else { continue }
            if place + 1 == line.endIndex || !isDigit(line[place + 1]) { return place + 1 }
        }
        return nil
    }

    /// Where } stands though it ends nothing: at the beginning of an array or after a comma (`parse_value`).
    private static func badElement(_ line: ArraySlice<UInt8>, after last: inout UInt8?) -> Int? {
        for place in line.indices where line[place] > 0x20 {
            if line[place] == UInt8(ascii: "}"), last == UInt8(ascii: "[") || last == UInt8(ascii: ",") { return place }
            last = line[place]
        }
        return nil
    }

    /// The text with x for what stands in quotes and blanks for comments, each byte in its place.
    ///
    /// Up to the first error of its syntax it is read as toml++ reads it, which reads no further.
    private static func bare(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let (lineBreak, backslash, double) = (UInt8(ascii: "\n"), UInt8(ascii: "\\"), UInt8(ascii: "\""))
        var text = Array(bytes)
        var place = 0
        /// Whether a quote stands at a place so many times.
        func stands(_ quote: UInt8, _ times: Int) -> Bool { place + times <= text.count && text[place..<(place + times)].allSatisfy { $0 == quote } }
        func cover(with byte: UInt8) {
            if place < text.count, text[place] != lineBreak { text[place] = byte }
            place += 1
        }
        while place < text.count {
            let quote = text[place]
            if quote == UInt8(ascii: "#") {
                while place < text.count, text[place] != lineBreak { cover(with: UInt8(ascii: " ")) }
            } else if quote == double || quote == UInt8(ascii: "'") {
                let length = stands(quote, 3) ? 3 : 1
                place += length
                while place < text.count, !stands(quote, length), length == 3 || text[place] != lineBreak {
                    if quote == double, text[place] == backslash { cover(with: UInt8(ascii: "x")) }
                    cover(with: UInt8(ascii: "x"))
                }
                if stands(quote, length) { place += length }
                // A text of several lines may end in up to two quotes of its own.
                if length == 3 { for _ in 0..<2 where stands(quote, 1) { place += 1 } }
            } else {
                place += 1
            }
        }
        return text
    }
}
