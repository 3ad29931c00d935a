import ArgumentParser
import Glibc
import SkipConfiguration

/// The command line for people who run skipd: looks at models and recordings, and talks to a running daemon.
///
/// Exit status: 0 done; 1 failed, with one sentence on standard error; 2 nothing matched or time ran out, where that was
/// asked for; 64 usage.
@main
struct Skipctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skipctl",
        abstract: "Looks at, feeds and follows skipd, the streaming sensor event processor.",
        version: SkipConfiguration.version,
        groupedSubcommands: [
            CommandGroup(name: "Sample", subcommands: [Tail.self, Pub.self, Record.self, Replay.self, Demo.self, Bench.self]),
            CommandGroup(name: "Daemon", subcommands: [Status.self, Shards.self, Top.self, Streams.self, StreamCommand.self, RouteCommand.self, Reset.self, Reload.self, CheckpointCommand.self, Drain.self, ConfigCommand.self, Keygen.self]),
            CommandGroup(name: "Model", subcommands: [TrainCommand.self, EvalCommand.self, ModelCommand.self]),
        ]
    )

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            // The parser's own errors and exits carry their text and status; every other error is one sentence.
            let status = (error as? CommandFailure)?.status ?? exitCode(for: error)
            if !(error is CommandFailure), status != .failure || error is ExitCode { exit(withError: error) }
            tell("\(error)")
            Glibc.exit(status.rawValue)
        }
    }
}
