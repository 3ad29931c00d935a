import FoundationEssentials
import Glibc
import SkipConfiguration

/// A daemon of one's own: a child process with a configuration in a temporary folder. Both are gone when the owner is.
struct DemoDaemon: ~Copyable {
    let ingest: Endpoint
    let results: Endpoint
    let control: Endpoint
    private let folder: String
    private let process: pid_t
    private var log: String { "\(folder)/skipd.log" }

    /// Starts the daemon with one model for all streams below `watch/`.
    /// - Parameter emit: when it publishes results, a route's keys.
    init(program: String, model: String, emit: String = "emit = \"change\"\nmin_p = 0.6") throws {
        let folder = try Self.makeFolder()
        // The configuration's own folder is where it would look for a relative one.
        let path = model.hasPrefix("/") ? model : "\(FileManager.default.currentDirectoryPath)/\(model)"
        // Sockets in the folder: no port can be taken, and nobody else gets at them.
        let endpoints = ["ingest", "results", "control"].map { Endpoint.ipc(path: "\(folder)/\($0).sock") }
        let text = """
            [ingest]
            bind = ["\(endpoints[0])"]
            [results]
            bind = ["\(endpoints[1])"]
            [control]
            bind = "\(endpoints[2])"
            [http]
            listen = ""
            [state]
            directory = ""
            [[model]]
            name = "watch"
            path = \(Self.quoted(path))
            [[route]]
            match = "watch/*"
            model = "watch"
            \(emit)
            """
        let process: pid_t
        do {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/skipd.toml"))
            process = try Self.spawn(program, ["--config", "\(folder)/skipd.toml"], log: "\(folder)/skipd.log")
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        (ingest, results, control) = (endpoints[0], endpoints[1], endpoints[2])
        self.folder = folder
        self.process = process
    }

    deinit {
        // A child that was waited for already has no number any more that could be signalled.
        if !Self.hasEnded(process) {
            kill(process, SIGTERM)
            // It works off what has arrived for at most a second.
            var patience = 300
            while !Self.hasEnded(process), patience > 0 {
                usleep(10_000)
                patience -= 1
            }
            if patience == 0 {
                kill(process, SIGKILL)
                waitpid(process, nil, 0)
            }
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A Boolean value indicating whether the daemon runs.
    var isRunning: Bool { !Self.hasEnded(process) }

    /// What the daemon said last, for where it doesn't run.
    var lastWords: String {
        guard let data = FileManager.default.contents(atPath: log), let line = String(decoding: data, as: UTF8.self).split(separator: "\n").last else { return "it said nothing" }
        return "it said: \(line)"
    }

    /// True from the first call on that finds the child ended; it is then no zombie any more.
    private static func hasEnded(_ process: pid_t) -> Bool { waitpid(process, nil, WNOHANG) != 0 }

    private static func makeFolder() throws(CommandFailure) -> String {
        // A socket's path may have 107 bytes.
        let parent = environment("TMPDIR").flatMap { !$0.isEmpty && $0.utf8.count < 64 ? $0 : nil } ?? "/tmp"
        var template = Array("\(parent)/skipctl-demo.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CommandFailure("\(parent): no folder can be made there: \(String(cString: strerror(errno)))") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A TOML string.
    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    private static func spawn(_ program: String, _ arguments: [String], log: String) throws(CommandFailure) -> pid_t {
        var command = [program] + arguments
        // Should this process be killed without a chance to clean up, the daemon is ended by the kernel.
        let guardian = "/usr/bin/setpriv"
        if access(guardian, X_OK) == 0 { command = [guardian, "--pdeathsig", "TERM", "--"] + command }
        let variables = ["PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR"].compactMap { name in environment(name).map { "\(name)=\($0)" } }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // A group of its own: Control-C at the terminal is for this process, which then stops the daemon.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // And no signal blocked or ignored, whatever holds for this process.
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var process: pid_t = 0
        let cArguments = command.map { strdup($0) } + [nil]
        let cVariables = variables.map { strdup($0) } + [nil]
        defer { (cArguments + cVariables).forEach { free($0) } }
        let status = posix_spawn(&process, command[0], &actions, &attributes, cArguments, cVariables)
        guard status == 0 else { throw CommandFailure("\(program) can't be started: \(String(cString: strerror(status)))") }
        return process
    }
}
