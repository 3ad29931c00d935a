import ArgumentParser
import Glibc
import Logging
import SkipConfiguration

/// The daemon's command line.
///
/// Exit status: 0 stopped as asked, or checked and fine; 1 failed; 64 usage.
@main
struct Skipd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skipd",
        abstract: "Classifies streams of sensor samples with Skip RNNs.",
        discussion: """
            Devices publish samples over ZeroMQ; each stream runs through its own recurrent network, which reads few of them; results are published. \
            SIGHUP reloads configuration and models; SIGTERM and SIGINT stop.
            """,
        version: version)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = Configuration.defaultPath

    @Option(help: ArgumentHelp("What to do in a cluster, in place of the file's [cluster] role: gateway or worker.", valueName: "role"), transform: Self.role)
    var role: Cluster.Role?

    @Flag(help: "Check the configuration and every model it names, say what is wrong with file and line, and exit: 0 if nothing is, else 1.")
    var check = false

    func run() async throws {
        if check { return try checkConfiguration() }
        // A log that nobody reads any more must not end the daemon.
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { _ in JournalLogHandler() }
        let logger = Logger(label: "skipd")
        do {
            try await Daemon.start(config, role: role, logger: logger).run()
        } catch {
            for line in "\(error)".split(separator: "\n") { logger.critical("\(line)") }
            throw ExitCode.failure
        }
    }

    private func checkConfiguration() throws {
        do throws(ConfigurationError) {
            let loaded = try LoadedConfiguration(contentsOf: config, role: role, isRunning: false)
            for warning in loaded.warnings { Self.complain("warning: \(warning)") }
            print("\(config) is in order: \(Daemon.summary(models: loaded.configuration.models.count, routes: loaded.routes.count))")
        } catch {
            Self.complain(error.description)
            throw ExitCode.failure
        }
    }

    @Sendable private static func role(_ text: String) throws -> Cluster.Role {
        guard let role = Cluster.Role(rawValue: text) else { throw ValidationError("a role is gateway or worker") }
        return role
    }

    private static func complain(_ text: String) { StandardError.write(text + "\n") }
}
