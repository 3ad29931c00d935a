// CSV folders: one file a recording, a header line with the channels' names, one timestep a line.
//
//     folder/anna/squat-1.csv        ax,ay,az,label
//     folder/anna/lunge-1.csv        0.01,-0.98,0.1,squat
//
// A column `label` names the recording's class and is the same in all its lines; a folder within the folder is a group. Names may
// stand in double quotes, and a byte order mark may come first, as spreadsheets write them.

import Glibc
public import SkipRNN

extension Recordings {
    /// Reads a folder of CSV files.
    /// - Throws: `FileFormatError` that names the file and its line.
    public init(csvFolder folder: String) throws(FileFormatError) {
        var files: [(path: String, group: String)] = []
        var hasGroups = false
        for name in try Self.entries(of: folder) {
            let path = "\(folder)/\(name)"
            if name.hasSuffix(".csv") {
                files.append((path, name))
            } else if Self.isFolder(path) {
                for inner in try Self.entries(of: path) where inner.hasSuffix(".csv") {
                    files.append(("\(path)/\(inner)", name))
                    hasGroups = true
                }
            }
        }
        guard !files.isEmpty else { throw FileFormatError(folder, "has no CSV file, neither in it nor in a folder of it") }
        var channels: [String] = []
        var (samples, lengths, names): ([Float], [Int], [String?]) = ([], [], [])
        for file in files {
            let recording = try CSVRecording(contentsOf: file.path)
            if channels.isEmpty { channels = recording.channels }
            guard recording.channels == channels else {
                throw FileFormatError(file.path, "line 1 has the channels \(recording.channels.joined(separator: ", ")), but \(files[0].path) has \(channels.joined(separator: ", ")); all recordings need the same")
            }
            samples += recording.samples
            lengths.append(recording.samples.count / channels.count)
            names.append(recording.label)
        }
        let labels = Set(names.compactMap { $0 }).sorted()
        if !labels.isEmpty, let missing = names.firstIndex(of: nil) { throw FileFormatError(files[missing].path, "line 1 has no column label, but other files of \(folder) do") }
        let groupNames = Set(files.map(\.group)).sorted()
        self.init(
            file: folder, channels: channels, labels: labels, sampleRate: nil, featureCount: channels.count, samples: samples, lengths: lengths,
            classes: labels.isEmpty ? nil : names.map { name in labels.firstIndex { $0 == name } ?? 0 },
            groups: hasGroups ? files.map { file in groupNames.firstIndex(of: file.group) ?? 0 } : nil)
        if hasGroups { self.groupNames = groupNames }
    }

    /// Reads recordings from wherever they are: a recording file or a folder of CSV files.
    public init(path: String) throws(FileFormatError) {
        if Self.isFolder(path) { try self.init(csvFolder: path) } else { try self.init(contentsOf: path) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func entries(of folder: String) throws(FileFormatError) -> [String] {
        guard let directory = opendir(folder) else { throw FileFormatError(folder, "can't be read: \(String(cString: strerror(errno)))") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}

/// One CSV file.
private struct CSVRecording {
    var channels: [String] = []
    var samples: [Float] = []
    var label: String?

    init(contentsOf path: String) throws(FileFormatError) {
        var bytes = try readFile(path)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let text = String(decoding: bytes, as: UTF8.self)
        var labelColumn: Int?
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            if line.isEmpty { continue }
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { Self.trim($0) }
            if channels.isEmpty {
                labelColumn = cells.firstIndex(of: "label")
                channels = cells.enumerated().filter { $0.offset != labelColumn }.map { String($0.element) }
                guard !channels.isEmpty else { throw FileFormatError(path, "line \(number) names no channel") }
                if let twice = channels.indices.first(where: { channels[..<$0].contains(channels[$0]) }) { throw FileFormatError(path, "line \(number) names the channel \(channels[twice]) twice") }
                if channels.allSatisfy({ Float($0) != nil }) { throw FileFormatError(path, "line \(number) holds numbers; a header line with the channels' names was expected") }
                continue
            }
            let width = channels.count + (labelColumn == nil ? 0 : 1)
            guard cells.count == width else { throw FileFormatError(path, "line \(number) has \(cells.count) \(cells.count == 1 ? "value" : "values"), the header has \(width)") }
            for (column, cell) in cells.enumerated() {
                if column == labelColumn {
                    guard !cell.isEmpty else { throw FileFormatError(path, "line \(number) has no label") }
                    if let label, label != cell { throw FileFormatError(path, "line \(number) has the label \(cell), the lines before have \(label); a recording has one class") }
                    label = String(cell)
                } else {
                    guard let value = Float(cell), value.isFinite else { throw FileFormatError(path, "line \(number) has \(cell.isEmpty ? "nothing" : String(cell.prefix(40))) in column \(column + 1), a finite number was expected") }
                    samples.append(value)
                }
            }
        }
        guard !channels.isEmpty else { throw FileFormatError(path, "is empty; a header line with the channels' names was expected") }
        guard !samples.isEmpty else { throw FileFormatError(path, "has a header line and no timestep") }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text.count > 1 && text.first == "\"" && text.last == "\"" ? text.dropFirst().dropLast() : text
    }
}
