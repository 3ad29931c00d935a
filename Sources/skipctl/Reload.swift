import ArgumentParser
import SkipStream

/// `skipctl reload`: configuration and models read anew.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads configuration and models anew; where they are wrong, what runs stays and the reason is shown.")

    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        let (reply, object) = try control.client().ask(ControlRequest(.reload), for: ReloadReply.self)
        var output = StandardOutput()
        if json {
            try output.line(object.text)
        } else {
            for warning in reply.warnings { tell("warning: \(warning)") }
            try output.line("\(counted(reply.models, "model")) and \(counted(reply.routes, "route")) in force")
        }
        try output.flush()
    }
}
