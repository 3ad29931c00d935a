import Logging
import ServiceLifecycle
import SkipConfiguration
import UnixSignals
import ZeroMQ

/// The running daemon: its parts, wired. Making it loads the models and binds the sockets, so that whatever can fail has failed before it runs.
struct Daemon {
    private let services: [any Service]
    private let logger: Logger
    private let trap: UnixSignalsSequence

    /// How long a stop may take: a second for waiting samples, another for results on their way, and the time that the states of a million
    /// streams take to a slow disk. Below the unit's TimeoutStopSec.
    private static let longestStop = Duration.seconds(25)

    /// Loads, binds and connects everything that the configuration says.
    static func start(_ path: String, role: Cluster.Role? = nil, logger: Logger) async throws -> Daemon {
        // Trapped before anything else, so that a reload asked for while the models load is not lost, nor deadly.
        let trap = await UnixSignalsSequence(trapping: .sighup)
        let loaded = try LoadedConfiguration(contentsOf: path, role: role)
        for warning in loaded.warnings { logger.warning("\(warning)") }
        var configuration = loaded.configuration
        let context = try Context()
        let drops = DropReporter(logger)
        let access = try AccessControl(loaded.access, logger: logger, in: context)
        let rights = access?.install(loaded.access)
        let results = try ResultsPublisher(configuration, access: access, drops: drops, in: context)
        let cluster = try ClusterPart(configuration, logger: logger)
        // A worker's samples come from NATS only.
        if case .worker = cluster { (configuration.ingest.bind, configuration.ingest.connect) = ([], []) }
        // In a cluster states are NATS' to keep.
        let keeping = cluster == nil ? try StateKeeping(configuration.state, logger) : nil
        let loop = try SampleLoop(try IngestSockets(configuration, access: access, in: context), results, limits: loaded.limits, keeping: keeping, cluster: cluster)
        loop.mailbox.post(.install(loaded.routes, loaded.limits, rights) { _ in })
        let about = StatusSource(configuration: path, ingest: loop.ingestEndpoints, results: loop.resultsEndpoints)
        let systemd = SystemdNotifier()
        let reloader = Reloader(path, role: role, running: loaded, access: access, loop: loop.mailbox, about: about, systemd: systemd, logger: logger)
        let control = try ControlServer(configuration.control, loop: loop.mailbox, about: about, in: context) { await reloader.reload() }
        let greeting = "skipd \(version) takes samples at \(loop.ingestEndpoints.joined(separator: ", ")) and publishes at \(loop.resultsEndpoints.joined(separator: ", ")): "
            + summary(models: configuration.models.count, routes: loaded.routes.count)
        let inspector = DaemonInspector(loop: loop.mailbox, about: about, counters: loop.counters) { keeping?.log.status }
        let http = configuration.http.listen.map { HTTPServer(address: $0, daemon: inspector, logger: logger) }
        return Daemon(
            // Ended from the last to the first.
            services: (access.map { [AccessService(handler: $0.handler)] } ?? []) + [
                ControlService(server: control),
                LoopService(loop: loop),
                DropReportService(reporter: drops),
                ReloadService(reloader: reloader, signals: trap),
                SystemdService(systemd: systemd, loop: loop.mailbox, logger: logger, greeting: greeting),
            ] + (http.map { [$0] } ?? []),
            logger: logger, trap: trap)
    }

    /// Runs until SIGTERM or SIGINT, or until a part fails.
    func run() async throws {
        var quiet = logger
        // The group's own lines about services that come and go are for debugging.
        quiet.logLevel = .error
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        configuration.maximumGracefulShutdownDuration = Self.longestStop
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("stopped")
    }

    /// `1 model, 2 routes`.
    static func summary(models: Int, routes: Int) -> String {
        "\(models) model\(models == 1 ? "" : "s"), \(routes) route\(routes == 1 ? "" : "s")"
    }
}
