import ArgumentParser
import SkipStream

/// `skipctl checkpoint`: the streams' states to disk, now.
struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "checkpoint", abstract: "Writes the streams' states to disk now.")

    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        let (_, object) = try control.client().ask(ControlRequest(.checkpoint), for: ControlOutcome.self)
        var output = StandardOutput()
        try output.line(json ? object.text : "checkpoint written")
        try output.flush()
    }
}
