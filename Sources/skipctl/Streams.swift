import ArgumentParser
import SkipConfiguration
import SkipStream

/// `skipctl streams`: which streams there are, and how they travel.
struct Streams: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams", abstract: "Lists streams, and moves them between daemons.",
        discussion: "Without a subcommand, streams are listed: `skipctl streams watch/ --sort -lost --limit 20`; `skipctl help streams list` has the options.",
        subcommands: [StreamsList.self, StreamsExport.self, StreamsImport.self], defaultSubcommand: StreamsList.self)
}

/// `skipctl streams list`: which streams there are, and how they do.
struct StreamsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists streams.",
        discussion: """
            PREFIX selects streams as for `skipctl tail`: watch/7 is that stream and what lies below it, watch/7* and watch/** are globs. \
            Exit status 2 where none matches.
            """)

    @Argument(help: "Streams to list; all by default.")
    var prefix: String?
    @Option(help: "List at most so many.")
    var limit: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("Order by \(StreamOrder.allCases.map(\.rawValue).joined(separator: ", ")); with a - before it, from the largest down.", valueName: "[-]key"), transform: Self.order)
    var sort: String?
    @Flag(help: "Print NDJSON: one object a stream.")
    var json = false
    @OptionGroup var control: ControlArguments

    static func order(_ text: String) throws(ValidationError) -> String {
        guard StreamOrder(rawValue: text.hasPrefix("-") ? String(text.dropFirst()) : text) != nil else {
            throw ValidationError("one of \(StreamOrder.allCases.map(\.rawValue).joined(separator: ", ")) was expected")
        }
        return text
    }

    func validate() throws {
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be a whole number from 1 up") }
    }

    func run() throws {
        let selection = StreamSelection(prefix.map { [$0] } ?? [])
        let client = try control.client()
        var output = StandardOutput()
        var table = TextTable([("stream", .left), ("model", .left), ("label", .left), ("p", .right), ("updates", .right), ("timesteps", .right), ("update rate", .right), ("lost", .right), ("idle", .right)])
        var listed = 0
        var cursor: UInt64?
        repeat {
            let request = ControlRequest(.streams, prefix: selection.prefixes[0], limit: 1_000, cursor: cursor, sort: sort)
            let (reply, object) = try client.ask(request, for: StreamsReply.self)
            for (stream, text) in zip(reply.streams, object["streams"]?.array ?? []) where selection.contains(stream.stream) && listed < limit ?? .max {
                listed += 1
                if json { try output.line(text.text) } else { table.add(Self.row(stream)) }
            }
            cursor = reply.cursor
        } while cursor != nil && listed < limit ?? .max
        if !json, listed > 0 { for line in table.lines(.standardOutput) { try output.line(line) } }
        try output.flush()
        if listed == 0, prefix != nil {
            throw CommandFailure("no stream matches \(prefix ?? "")", status: .nothingMatched)
        }
    }

    private static func row(_ stream: StreamReply) -> [String] {
        [
            stream.stream.printable, stream.model, stream.label?.printable ?? "–", stream.p.map { decimal($0, 3) } ?? "–", grouped(Int(stream.updates)), grouped(Int(stream.timesteps)),
            percentage(Int(stream.updates), of: Int(stream.timesteps)), grouped(Int(stream.lost)), period(Double(stream.idleSeconds)),
        ]
    }
}
