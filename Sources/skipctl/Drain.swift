import ArgumentParser
import SkipStream

/// `skipctl drain`: no more samples are taken, and what has arrived is worked off.
struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops taking samples and works off what has arrived, before a planned stop.",
        discussion: "Exit status 2 where something was still left when the daemon answered; ask again.")

    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        let (reply, object) = try control.client().ask(ControlRequest(.drain), for: DrainReply.self)
        var output = StandardOutput()
        try output.line(json ? object.text : "\(counted(Int(reply.messages), "message")) worked off, \(reply.isEmpty ? "nothing is left" : "some are left")")
        try output.flush()
        if !reply.isEmpty { throw ExitCode.nothingMatched }
    }
}
