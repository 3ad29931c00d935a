import ArgumentParser
import FoundationEssentials
import SkipConfiguration
import SkipStream

/// `skipctl streams export`: streams with their state, for another daemon.
struct StreamsExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes streams with their state to a file.",
        discussion: """
            One JSON object a line: the stream's name, and its record in Base64, the same as in the store. The streams stay where they are; \
            `skipctl drain` first, so that none of them goes on meanwhile. Exit status 2 where none matches.
            """)

    @Argument(help: "Streams whose name begins so; all by default.")
    var prefix: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to; standard output by default.", valueName: "file"), completion: .file())
    var output: String?
    @OptionGroup var control: ControlArguments

    func run() throws {
        let client = try control.client()
        var standard = StandardOutput()
        var (lines, count) = ([UInt8](), 0)
        var cursor: UInt64?
        repeat {
            let (reply, object) = try client.ask(ControlRequest(.export, prefix: prefix, cursor: cursor), for: ExportReply.self)
            for stream in object["streams"]?.array ?? [] {
                count += 1
                if output == nil { try standard.line(stream.text) } else { lines += Array(stream.text.utf8) + [UInt8(ascii: "\n")] }
            }
            cursor = reply.cursor
        } while cursor != nil
        try standard.flush()
        if let output {
            do { try Data(lines).write(to: URL(filePath: output), options: .atomic) } catch { throw CommandFailure("\(output) can't be written: \(error)") }
            tell("\(counted(count, "stream")) exported to \(output)")
        }
        if count == 0, prefix != nil { throw ExitCode.nothingMatched }
    }
}

/// `skipctl streams import`: takes over what another daemon has exported.
struct StreamsImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes over streams that another daemon has exported.",
        discussion: """
            A stream goes on bit for bit where its route's model is the one that made its state (its identity is compared); a stream that can't go \
            on, or is there already, is refused and stays as it is. Exit status 1 where any was refused.
            """)

    @Argument(help: "The file; standard input by default.", completion: .file())
    var file: String?
    @Flag(help: "Print one JSON object.")
    var json = false
    @OptionGroup var control: ControlArguments

    /// Bytes of records in a request: the daemon takes a mebibyte.
    private static let longest = 600_000
    private static let most = 256

    func run() throws {
        let client = try control.client()
        var total = ImportReply(imported: 0, onOtherKernels: 0, refused: [])
        for records in try requests() {
            var request = ControlRequest(.takeOver)
            request.records = records
            let reply = try client.ask(request, for: ImportReply.self).reply
            total.imported += reply.imported
            total.onOtherKernels += reply.onOtherKernels
            total.refused += reply.refused
        }
        var output = StandardOutput()
        if json {
            try output.line(String(decoding: JSONEncoder().encode(total), as: UTF8.self))
        } else {
            for refusal in total.refused { tell("\((refusal.stream ?? "a record").printable) was refused: \(refusal.reason)") }
            try output.line("\(counted(total.imported, "stream")) imported" + (total.onOtherKernels > 0 ? ", \(grouped(total.onOtherKernels)) of them from another CPU's kernels: equal within rounding" : ""))
        }
        try output.flush()
        if !total.refused.isEmpty { throw ExitCode.failure }
    }

    /// The file's records, as many together as fit a request.
    private func requests() throws -> [[String]] {
        let reader = try LineReader(file ?? "-")
        var (requests, records, bytes, number) = ([[String]](), [String](), 0, 0)
        while let line = try reader.next() {
            number += 1
            guard !line.isEmpty else { continue }
            guard let stream = try? JSONDecoder().decode(TransferredStream.self, from: Data(line.utf8)) else {
                throw CommandFailure("\(reader.name):\(number): is not a line that `skipctl streams export` writes")
            }
            if records.count == Self.most || (bytes + stream.record.utf8.count > Self.longest && !records.isEmpty) {
                requests.append(records)
                (records, bytes) = ([], 0)
            }
            records.append(stream.record)
            bytes += stream.record.utf8.count
        }
        return records.isEmpty ? requests : requests + [records]
    }
}
