// A recording as a CSV file: a header line with the channels' names, one timestep a line, an optional column `label`.

/// How one CSV file's lines are read: which of its columns are channels and which one, if any, is the label.
public struct CSVLayout: Sendable {
    /// Names of the F channels, in the order of the columns.
    public let channels: [String]
    private let labelColumn: Int?
    private let columnCount: Int
    private let file: String

    /// Reads a header line.
    /// - Throws: `FileFormatError` where it isn't one.
    public init(header: some StringProtocol, file: String) throws(FileFormatError) {
        let names = Self.fields(header).map { Self.unquoted($0) }
        guard names.contains(where: { Float($0) == nil }) else {
            throw FileFormatError(file, "line 1 has only numbers, a header line with the channels' names was expected")
        }
        guard !names.contains("") else { throw FileFormatError(file, "line 1 has a column without a name") }
        labelColumn = names.firstIndex(of: "label")
        columnCount = names.count
        self.file = file
        channels = names.enumerated().filter { [labelColumn] in $0.offset != labelColumn }.map(\.element)
        guard !channels.isEmpty else { throw FileFormatError(file, "line 1 names no channel") }
    }

    /// Reads one timestep's line. An empty field or `nan` is a value that is missing: NaN.
    /// - Parameters:
    ///   - number: the line's number, for errors.
    ///   - values: receives F more values.
    /// - Returns: the line's label; nil where the file has no such column.
    public func read(_ line: some StringProtocol, number: Int, into values: inout [Float]) throws(FileFormatError) -> String? {
        let fields = Self.fields(line)
        guard fields.count == columnCount else { throw FileFormatError(file, "line \(number) has \(fields.count) fields, \(columnCount) were expected as in the header") }
        var label: String?
        for (column, field) in fields.enumerated() {
            if column == labelColumn {
                label = Self.unquoted(field)
            } else if field.isEmpty {
                values.append(.nan)
            } else if let value = Float(field) {
                values.append(value)
            } else {
                throw FileFormatError(file, "line \(number) has \(field.prefix(40)) in column \(column + 1), a number was expected")
            }
        }
        return label
    }

    /// Fields between commas, blanks around them taken off. A comma within quotes is not supported: numbers have none.
    private static func fields<Text: StringProtocol>(_ line: Text) -> [Text.SubSequence] {
        line.split(separator: ",", omittingEmptySubsequences: false).map { field in
            var field = field
            while let first = field.first, first.isWhitespace { field.removeFirst() }
            while let last = field.last, last.isWhitespace { field.removeLast() }
            return field
        }
    }

    private static func unquoted(_ field: some StringProtocol) -> String {
        field.count >= 2 && field.first == "\"" && field.last == "\"" ? String(field.dropFirst().dropLast()) : String(field)
    }
}

extension Recordings {
    /// Reads one CSV file as one recording.
    /// - Throws: `FileFormatError` that names the line.
    public init(csv path: String) throws(FileFormatError) {
        guard let text = String(validating: try readFile(path), as: UTF8.self) else { throw FileFormatError(path, "is not UTF-8 text") }
        // A carriage return and a line feed are one Character.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard let header = lines.first, !header.isEmpty else { throw FileFormatError(path, "is empty, a header line with the channels' names was expected") }
        let layout = try CSVLayout(header: header, file: path)
        var samples: [Float] = []
        var label: String?
        var timesteps = 0
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let lineLabel = try layout.read(line, number: index + 1, into: &samples)
            if timesteps > 0, lineLabel != label {
                throw FileFormatError(path, "line \(index + 1) has the label \(lineLabel ?? ""), the lines before it \(label ?? ""); a file is one recording of one class")
            }
            label = lineLabel
            timesteps += 1
        }
        self.init(
            file: path, channels: layout.channels, labels: label.map { [$0] } ?? [], sampleRate: nil, featureCount: layout.channels.count,
            samples: samples, lengths: [timesteps], classes: label.map { _ in [0] })
    }

    /// Reads a recording file: CSV where the name ends in `.csv`, else safetensors.
    public init(file path: String) throws(FileFormatError) {
        if path.hasSuffix(".csv") { try self.init(csv: path) } else { try self.init(contentsOf: path) }
    }
}
