package import SkipConfiguration
import SkipRNN
package import SkipStream

/// Everything a configuration comes down to for the sample loop: its routes with their models loaded, and its limits.
package struct LoadedConfiguration: Sendable {
    package let configuration: Configuration
    package let routes: [BoundRoute]
    /// Who may connect.
    package let access: AccessRules
    /// What surely isn't meant; a sentence each.
    package let warnings: [String]

    /// Loads the configuration, every model and the keys it names.
    /// - Parameters:
    ///   - role: what the command line says in place of `[cluster] role`.
    ///   - isRunning: false for a check outside of the running service.
    /// - Throws: everything that is wrong, with file and line.
    package init(contentsOf path: String, role: Cluster.Role? = nil, isRunning: Bool = true) throws(ConfigurationError) {
        var configuration = try Configuration(contentsOf: path)
        if let role {
            configuration.cluster.role = role
            guard !configuration.cluster.servers.isEmpty else {
                throw ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: path), "--role \(role.rawValue) needs servers in [cluster]; name those of NATS")])
            }
        }
        // A gateway runs no model.
        if configuration.cluster.role != .gateway { try configuration.requireModelAndRoute(file: path) }
        var models: [String: Model] = [:]
        var problems: [ConfigurationProblem] = []
        var warnings = configuration.warnings.map(\.description)
        for source in configuration.models {
            do throws(FileFormatError) {
                let file = try ModelFile(contentsOf: source.path)
                warnings += file.warnings
                models[source.name] = Model(file)
            } catch {
                problems.append(ConfigurationProblem(source.place ?? ConfigurationPlace(file: path), "the model \"\(source.name)\" can't be used: \(error)"))
            }
        }
        var rules: AccessRules?
        do throws(ConfigurationError) { rules = try AccessRules(configuration, isRunning: isRunning, warnings: &warnings) } catch { problems += error.problems }
        guard problems.isEmpty, let rules else { throw ConfigurationError(problems) }
        access = rules
        routes = configuration.routes.compactMap { route in models[route.model].map { BoundRoute(route, $0, shadow: route.shadow.flatMap { models[$0.model] }) } }
        for bound in routes {
            if case .change = bound.route.emit, bound.model.architecture.task == .regression {
                warnings.append("\(path): the route \"\(bound.route.match)\" publishes when the label changes, but the model \"\(bound.route.model)\" is a regression, which has none; say emit = \"update\"")
            }
        }
        self.warnings = warnings
        self.configuration = configuration
    }

    /// The limits in the processor's units.
    package var limits: StreamLimits {
        var limits = StreamLimits()
        limits.maximumStreams = configuration.limits.maxStreams
        limits.evict = configuration.limits.evict
        // A part of a second counts as a whole one: 0 would be never.
        let (seconds, attoseconds) = configuration.limits.idleTimeout.components
        limits.idleTimeout = UInt32(clamping: seconds + (attoseconds > 0 ? 1 : 0))
        return limits
    }

    /// The sections that take effect at a start only and differ from those of a running configuration.
    func changesAtNextStart(from running: LoadedConfiguration) -> [String] {
        var sections: [String] = []
        if access.serverKeys != running.access.serverKeys || configuration.security.handshakeTimeout != running.configuration.security.handshakeTimeout {
            sections.append("server_key and handshake_timeout in [security]")
        }
        if (access.allow == nil) != (running.access.allow == nil), running.access.serverKeys == nil { sections.append("allow in [security]") }
        if configuration.peers.map({ [$0.endpoint.text, $0.serverKey] }) != running.configuration.peers.map({ [$0.endpoint.text, $0.serverKey] }) { sections.append("[[peer]]") }
        let running = running.configuration
        if configuration.ingest != running.ingest { sections.append("[ingest]") }
        if configuration.results != running.results { sections.append("[results]") }
        if configuration.control != running.control { sections.append("[control]") }
        if configuration.http != running.http { sections.append("[http]") }
        if configuration.state != running.state { sections.append("[state]") }
        if configuration.cluster != running.cluster { sections.append("[cluster]") }
        if configuration.limits.maxMessage != running.limits.maxMessage { sections.append("max_message in [limits]") }
        return sections
    }
}
