import ArgumentParser
import SkipStream

/// `skipctl reset`: streams back to their model's initial state.
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Returns a stream, or all whose name begins with a prefix, to the model's initial state.")

    @Argument(help: "The stream's name.")
    var name: String?
    @Option(help: "Every stream whose name begins so: watch/7 resets watch/70 too, watch/7/ does not.")
    var prefix: String?
    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func validate() throws {
        guard (name == nil) != (prefix == nil) else { throw ValidationError("give a stream's name or --prefix; --prefix '' is all streams") }
    }

    func run() throws {
        let (reply, object) = try control.client().ask(ControlRequest(.reset, stream: name, prefix: prefix), for: ResetReply.self)
        var output = StandardOutput()
        try output.line(json ? object.text : "\(counted(reply.reset, "stream")) reset")
        try output.flush()
        if reply.reset == 0 { throw ExitCode.nothingMatched }
    }
}
