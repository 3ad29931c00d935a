import Logging
import SkipConfiguration
import SkipStream
import Synchronization

/// What a reload has put in force.
struct ReloadOutcome: Sendable {
    var models: Int
    var routes: Int
    var warnings: [String]
}

/// Reloads configuration and models: loaded and checked beside what runs, then put in force all at once between two blocks of samples.
/// A reload that fails changes nothing.
actor Reloader {
    private let path: String
    /// The role that the command line gives.
    private let role: Cluster.Role?
    /// What runs: sockets and the like are those of the start.
    private let running: LoadedConfiguration
    /// nil where everybody is let in.
    private let access: AccessControl?
    private let loop: LoopMailbox
    private let about: StatusSource
    private let systemd: SystemdNotifier
    private let logger: Logger

    init(_ path: String, role: Cluster.Role?, running: LoadedConfiguration, access: AccessControl?, loop: LoopMailbox, about: StatusSource, systemd: SystemdNotifier, logger: Logger) {
        self.path = path
        self.role = role
        self.running = running
        self.access = access
        self.loop = loop
        self.about = about
        self.systemd = systemd
        self.logger = logger
    }

    /// Reloads, and says in the log and to systemd how it went.
    func reload() async -> Result<ReloadOutcome, ConfigurationError> {
        systemd.reloading()
        let result = await load()
        switch result {
        case .success(let outcome):
            about.reloads.withLock { $0.succeed() }
            for warning in outcome.warnings { logger.warning("\(warning)") }
            logger.notice("reloaded \(path): \(Daemon.summary(models: outcome.models, routes: outcome.routes))")
            systemd.ready(status: "Reloaded")
        case .failure(let error):
            about.reloads.withLock { $0.fail() }
            for problem in error.problems { logger.error("\(problem)") }
            logger.error("the reload failed; what ran before still runs")
            systemd.ready(status: "The last reload failed; what ran before still runs")
        }
        return result
    }

    private func load() async -> Result<ReloadOutcome, ConfigurationError> {
        let loaded: LoadedConfiguration
        do throws(ConfigurationError) { loaded = try LoadedConfiguration(contentsOf: path, role: role) } catch { return .failure(error) }
        do throws(LoopStopped) {
            // Who is not let in any more is kept out before what those may do that are in is changed.
            let rights = access?.install(loaded.access)
            try await loop.ask { .install(loaded.routes, loaded.limits, rights, $0) }
        } catch {
            return .failure(ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: path), "\(error)")]))
        }
        var warnings = loaded.warnings
        let late = loaded.changesAtNextStart(from: running)
        if !late.isEmpty { warnings.append("\(path): what is new in \(late.joined(separator: ", ")) takes effect at the next start") }
        return .success(ReloadOutcome(models: loaded.configuration.models.count, routes: loaded.routes.count, warnings: warnings))
    }
}
