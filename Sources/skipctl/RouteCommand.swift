import ArgumentParser
import SkipStream

/// `skipctl route`: the routes in force, and the dial on each.
struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Lists routes, and sets how much of their streams is read.",
        subcommands: [RouteList.self, RouteSet.self], defaultSubcommand: RouteList.self)
}

/// `skipctl route list`.
struct RouteList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the routes in force with their stretch and budget.")

    @Flag(help: "Print NDJSON: one object a route.")
    var json = false
    @OptionGroup var control: ControlArguments

    func run() throws {
        let (reply, object) = try control.client().ask(ControlRequest(.routes), for: RoutesReply.self)
        try print(reply, object, json: json)
    }

    fileprivate static func row(_ route: RouteReply) -> [String] {
        let budget = route.budget.map { budget in
            let unit = budget.kind == "cpu" ? "of a core" : "updates/s"
            return "\(decimal(budget.load, budget.kind == "cpu" ? 3 : 0)) of \(budget.limit.plain) \(unit)\(budget.exceeded ? ", exceeded" : "")"
        }
        return [
            route.route, route.model, grouped(route.streams), grouped(Int(route.updates)),
            "\(route.stretch)" + (route.stretch == route.configuredStretch ? "" : " (configured \(route.configuredStretch))"), budget ?? "–",
        ]
    }
}

/// `skipctl route set`.
struct RouteSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets the stretch of a running route.",
        discussion: """
            Each update probability increment is divided by the stretch: at 4 about four times as many timesteps are skipped. Streams take it at \
            their next update, so that hints already given stay true. It holds until the next reload or restart, which put the configuration's \
            back, as stretch=default does; to keep it, write it there.
            """)

    @Argument(help: "The route, by its match: 'watch/*'.")
    var route: String
    @Argument(help: "stretch=κ, a number from 1 up, or stretch=default.", transform: RouteSet.stretch)
    var setting: RouteSetting
    @Flag(help: "Print one JSON object.")
    var json = false
    @OptionGroup var control: ControlArguments

    static func stretch(_ text: String) throws(ValidationError) -> RouteSetting {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "stretch" else { throw ValidationError("stretch=κ was expected, such as stretch=4") }
        return try RouteSetting(stretch: String(parts[1]))
    }

    func run() throws {
        var request = ControlRequest(.stretch)
        (request.route, request.stretch) = (route, setting.stretch)
        let (reply, object) = try control.client().ask(request, for: RoutesReply.self)
        try print(reply, object, json: json)
    }
}

/// What `route set` sets; a stretch of nil is the configuration's.
struct RouteSetting {
    var stretch: Float?

    init(stretch: Float?) { self.stretch = stretch }
    init(stretch text: String) throws(ValidationError) { stretch = try requestedStretch(text) }
}

/// A stretch as it is given on the command line; nil for `default`.
private func requestedStretch(_ text: String) throws(ValidationError) -> Float? {
    if text == "default" { return nil }
    guard let stretch = Float(text), stretch >= 1, stretch.isFinite else { throw ValidationError("the stretch must be a number from 1 up, or default") }
    return stretch
}

private func print(_ reply: RoutesReply, _ object: JSONValue, json: Bool) throws {
    var output = StandardOutput()
    if json {
        for route in object["routes"]?.array ?? [] { try output.line(route.text) }
    } else {
        var table = TextTable([("route", .left), ("model", .left), ("streams", .right), ("updates", .right), ("stretch", .right), ("budget", .left)])
        for route in reply.routes { table.add(RouteList.row(route)) }
        for line in table.lines(.standardOutput) { try output.line(line) }
        for route in reply.routes {
            guard let shadow = route.shadow else { continue }
            try output.line("\(route.route) has the shadow \(shadow.model) on \(counted(shadow.streams, "stream")): same label after "
                + "\(percentage(Int(shadow.agreed), of: Int(shadow.compared))) of \(counted(Int(shadow.compared), "comparison")), "
                + "\(percentage(Int(shadow.updates), of: Int(shadow.timesteps))) of the timesteps read, \(decimal(shadow.seconds, 3)) s")
        }
    }
    try output.flush()
}

extension Double {
    /// Without a fraction where it has none.
    fileprivate var plain: String { self == rounded() && abs(self) < 1e15 ? grouped(Int(self)) : "\(self)" }
}
