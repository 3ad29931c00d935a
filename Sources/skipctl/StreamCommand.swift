import ArgumentParser
import SkipConfiguration
import SkipStream

/// `skipctl stream`: everything about one stream.
struct StreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stream", abstract: "Shows one stream: label, gate, what is expected next.",
        discussion: """
            --stretch sets how much of this stream is read, in place of its route's stretch, from its next update on; --stretch default puts the \
            route's back. It is stored with the stream and travels with it, and holds as long as the daemon knows the stream.
            """)

    @Argument(help: "The stream's name.")
    var name: String
    @Option(help: ArgumentHelp("Divide this stream's update probability increments by κ from now on; default for what its route says.", valueName: "κ"), transform: RouteSetting.init(stretch:))
    var stretch: RouteSetting?
    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        var request = ControlRequest(stretch == nil ? .stream : .stretch, stream: name)
        request.stretch = stretch?.stretch
        let (reply, object) = try control.client().ask(request, for: SingleStreamReply.self)
        var output = StandardOutput()
        if json { try output.line(object.text) } else { for line in Self.lines(reply.stream, .standardOutput) { try output.line(line) } }
        try output.flush()
    }

    private static func lines(_ stream: StreamReply, _ palette: Palette) -> [String] {
        func fact(_ name: String, _ value: String) -> String { palette.bold((name + ":").padded(to: 15)) + value }
        let wait = switch stream.dueTimestep {
        case nil: "never again, whatever comes"
        case let due? where due <= stream.nextTimestep: "now: the next timestep is read"
        case let due?: "at \(grouped(Int(due))), after \(counted(Int(due - stream.nextTimestep), "timestep")) more"
        }
        return [
            fact("stream", stream.stream.printable),
            fact("model", stream.model),
            fact("label", stream.label.map { palette.label($0) + (stream.p.map { " " + decimal($0, 3) } ?? "") } ?? "none yet"),
            fact("sequence", "\(grouped(Int(stream.updates))) of \(counted(Int(stream.timesteps), "timestep")) read (\(percentage(Int(stream.updates), of: Int(stream.timesteps))))"),
            fact("next", "timestep \(grouped(Int(stream.nextTimestep)))"),
            fact("next update", wait),
            fact("gate", "Δũ = \(stream.updateProbabilityIncrement), ũ = \(stream.cumulativeUpdateProbability)"),
            fact("stretch", "\(stream.stretch ?? 1)" + (stream.hasOwnStretch == true ? ", its own" : "")),
            fact("last read", stream.time ?? "nothing yet"),
            fact("idle", period(Double(stream.idleSeconds))),
            fact("results", grouped(Int(stream.n))),
            fact("not arrived", "\(grouped(Int(stream.omitted))) never sent and not missed, \(grouped(Int(stream.lost))) lost"),
            fact("boot", stream.boot == 0 ? "not given" : String(stream.boot)),
            fact("shard", String(stream.shard)),
        ]
    }
}
