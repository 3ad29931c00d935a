import ArgumentParser
import Glibc
import SkipConfiguration

/// `skipctl config`: commands about the configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Shows the configuration in force.", subcommands: [ConfigShow.self])
}

/// `skipctl config show`: every key's effective value, and where it came from.
struct ConfigShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows every key's effective value and where it came from.",
        discussion: """
            Behind each value stands its origin: default, file and line, or the flag that overrides it for skipctl. What is printed is \
            itself a configuration. KEY selects keys by their beginning: results, route[0], limits.idle_timeout. Exit status 2 where none \
            matches. The file is read as it is now; a running daemon has what it read at its start or its last reload.
            """)

    @Argument(help: ArgumentHelp("Keys to show; all by default.", valueName: "key"))
    var keys: [String] = []
    @Flag(help: "Print NDJSON: one object a key.")
    var json = false
    @Option(help: ArgumentHelp("Show this control socket, as commands with the same flag use it.", valueName: "endpoint"))
    var control: Endpoint?
    @Option(help: ArgumentHelp("Show this ingest endpoint, as commands with the same flag use it.", valueName: "endpoint"))
    var ingest: Endpoint?
    @Option(help: ArgumentHelp("Show this results endpoint, as commands with the same flag use it.", valueName: "endpoint"))
    var results: Endpoint?
    @OptionGroup var configuration: ConfigurationArguments

    /// A key as it is shown.
    private struct Shown {
        let key: String
        let value: String
        let origin: String
    }

    func run() throws {
        let path = Configuration.path(flag: configuration.config)
        let isMissing = configuration.config == nil && path == Configuration.defaultPath && access(path, F_OK) != 0
        let loaded = isMissing ? try Configuration(text: "", file: path) : try Configuration(contentsOf: path)
        for warning in loaded.warnings { tell("warning: \(warning)") }
        let overrides = [("control.bind", "--control", control.map { "\"\($0)\"" }), ("ingest.bind", "--ingest", ingest.map { "[\"\($0)\"]" }), ("results.bind", "--results", results.map { "[\"\($0)\"]" })]
        let shown = loaded.settings.filter { isChosen($0.key) }.map { setting in
            if let (_, flag, override) = overrides.first(where: { $0.0 == setting.key }), let value = override { return Shown(key: setting.key, value: value, origin: "command line, \(flag)") }
            return Shown(key: setting.key, value: setting.value, origin: setting.origin)
        }
        var output = StandardOutput()
        if json {
            for setting in shown {
                var object = JSONObject()
                object.add("key", setting.key)
                // A TOML value of ours is a JSON value as well.
                object.add("value", JSONValue(Array(setting.value.utf8)) ?? .null)
                object.add("origin", setting.origin)
                try output.line(object)
            }
        } else {
            for line in Self.lines(shown, "\(path), \(source(isMissing))", .standardOutput) { try output.line(line) }
        }
        try output.flush()
        if shown.isEmpty {
            throw CommandFailure("no key begins with \(keys.joined(separator: " or "))", status: .nothingMatched)
        }
    }

    private func isChosen(_ key: String) -> Bool {
        keys.isEmpty || keys.contains { key == $0 || key.hasPrefix("\($0).") || key.hasPrefix("\($0)[") }
    }

    /// Why it is this file.
    private func source(_ isMissing: Bool) -> String {
        if isMissing { return "which is not there" }
        if configuration.config != nil { return "named by --config" }
        return environment(Configuration.pathVariable).map { !$0.isEmpty } == true ? "named by $\(Configuration.pathVariable)" : "the default place"
    }

    /// As TOML, with each value's origin as a comment.
    private static func lines(_ settings: [Shown], _ heading: String, _ palette: Palette) -> [String] {
        var lines = [palette.faint("# \(heading)")]
        var table = ""
        let assignments = settings.map { setting in
            let key = setting.key.split(separator: ".").last.map { String($0) } ?? setting.key
            return setting.value.isEmpty ? "# \(key) =" : "\(key) = \(setting.value)"
        }
        let width = min(48, assignments.map(\.count).max() ?? 0)
        for (setting, assignment) in zip(settings, assignments) {
            let name = setting.key.prefix { $0 != "." }
            if name != table {
                table = String(name)
                // Tables that there may be several of are numbered in keys, and in double brackets in the file.
                lines += ["", palette.bold(name.contains("[") ? "[[\(name.prefix { $0 != "[" })]]" : "[\(name)]")]
            }
            lines.append(assignment.padded(to: width) + "  " + palette.faint("# " + setting.origin))
        }
        return lines
    }
}
