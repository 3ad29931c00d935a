import Logging
import ServiceLifecycle
import UnixSignals

// The daemon's parts as services: each runs until the group shuts down, and ends what it owns.

/// The sample loop: on a stop it takes no more samples, works off what has arrived, and ends.
struct LoopService: Service {
    let loop: SampleLoop

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await loop.run()
        } onCancelOrGracefulShutdown: {
            loop.mailbox.post(.stop)
        }
    }
}

/// The control socket: it is the last to go, so that whoever asks is told that skipd is stopping.
struct ControlService: Service {
    let server: ControlServer

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await server.run()
        } onCancelOrGracefulShutdown: {
            server.stop()
        }
    }
}

/// Who may connect: asked as long as anything listens.
struct AccessService: Service {
    let handler: ZAPHandler

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await handler.run()
        } onCancelOrGracefulShutdown: {
            handler.stop()
        }
    }
}

/// SIGHUP reloads.
struct ReloadService: Service {
    let reloader: Reloader
    let signals: UnixSignalsSequence

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() { _ = await reloader.reload() }
    }
}

/// The lines about messages that can't be used.
struct DropReportService: Service {
    let reporter: DropReporter

    func run() async throws { await cancelWhenGracefulShutdown { await reporter.run() } }
}

/// Tells systemd that the daemon is up, and, as long as the sample loop answers, that it lives.
struct SystemdService: Service {
    let systemd: SystemdNotifier
    let loop: LoopMailbox
    let logger: Logger
    /// What to log once the loop turns.
    let greeting: String

    func run() async throws {
        guard let status = try? await loop.ask(LoopRequest.status) else { return }
        logger.notice("\(greeting)")
        systemd.ready(status: StatusSource.line(status))
        await cancelWhenGracefulShutdown { await feedWatchdog() }
        systemd.stopping()
    }

    private func feedWatchdog() async {
        guard systemd.isActive, let interval = SystemdNotifier.watchdogInterval() else {
            // Nobody waits for a sign of life, so there is nothing to wake up for.
            await gracefulShutdownOrCancellation()
            return
        }
        // Twice as often as it must be.
        while (try? await Task.sleep(for: interval / 2)) != nil {
            guard let status = try? await loop.ask(LoopRequest.status) else { return }
            systemd.watchdog(status: StatusSource.line(status))
        }
    }

    private func gracefulShutdownOrCancellation() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        _ = continuation
    }
}
