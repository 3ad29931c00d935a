/// Rows of text under a heading, columns aligned.
struct TextTable {
    enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    mutating func add(_ row: [String]) {
        precondition(row.count == columns.count, "a row must have the table's columns")
        rows.append(row)
    }

    /// The heading and the rows; the last column carries no trailing blanks.
    func lines(_ palette: Palette) -> [String] {
        let widths = columns.indices.map { column in rows.reduce(columns[column].title.count) { max($0, $1[column].count) } }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell -> String in
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                switch columns[column].alignment {
                case .right: return blanks + cell
                case .left: return column == columns.count - 1 ? cell : cell + blanks
                }
            }
            return padded.joined(separator: "  ")
        }
        return [palette.bold(line(columns.map(\.title)))] + rows.map(line)
    }
}
