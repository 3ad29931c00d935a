import ArgumentParser
import SkipStream

/// `skipctl model promote`: a route's shadow becomes its model.
struct ModelPromote: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Makes a running route's shadow its model.",
        discussion: """
            Streams take it as the route's `switch` says. It holds until the next reload or restart; to keep it, name the model in the configuration.
            """)

    @Argument(help: "The route, by its match: 'watch/*'.")
    var route: String
    @Flag(help: "Print one JSON object, as the daemon sends it.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        var request = ControlRequest(.promote)
        request.route = route
        let (reply, object) = try control.client().ask(request, for: RoutesReply.self)
        var output = StandardOutput()
        try output.line(json ? object.text : "\(route) runs \(reply.routes.first?.model ?? "") now; to keep it, say so in the configuration")
        try output.flush()
    }
}
