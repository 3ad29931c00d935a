import Foundation
import Glibc
import Testing

/// A program of this package on a terminal of its own, 80 columns by 24 rows, as somebody at a keyboard has it.
final class PseudoTerminal {
    let identifier: pid_t
    private let master: Int32
    /// The other end, held open so that the terminal's settings can be read after the program has ended.
    private let terminal: Int32
    private var received: [UInt8] = []
    private var ending: Int32?

    init(_ arguments: [String], columns: UInt16 = 80, rows: UInt16 = 24) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(master >= 0, "no terminal can be made")
        // What unlockpt and ptsname do, which Swift doesn't see: TIOCSPTLCK and TIOCGPTN.
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        _ = ioctl(master, 0x4004_5431, &isLocked)
        _ = ioctl(master, 0x8004_5430, &number)
        let path = "/dev/pts/\(number)"
        terminal = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that a process without one opens becomes its own.
        for descriptor in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, descriptor, path, O_RDWR, 0) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(0x80)) // POSIX_SPAWN_SETSID
        let program = RunningProgram.buildFolder.appending(path: "skipctl").path
        var variables = ProcessInfo.processInfo.environment
        for name in ["SKIPD_CONFIG", "NO_COLOR"] { variables[name] = nil }
        variables["TERM"] = "xterm"
        let cArguments = ([program] + arguments).map { strdup($0) } + [nil]
        let cVariables = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (cArguments + cVariables).forEach { free($0) } }
        var identifier: pid_t = 0
        let status = posix_spawn(&identifier, program, &actions, &attributes, cArguments, cVariables)
        try #require(status == 0, "\(program): \(String(cString: strerror(status)))")
        self.identifier = identifier
    }

    deinit {
        if ending == nil {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
        close(terminal)
        close(master)
    }

    func type(_ text: String) { _ = text.utf8.map { $0 }.withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }
    func signal(_ number: Int32) { kill(identifier, number) }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// All that the program has written so far.
    var output: String {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(master, &bytes, bytes.count), count > 0 { received += bytes[..<count] }
        return String(decoding: received, as: UTF8.self)
    }

    /// The last whole picture, line by line, without colours.
    var picture: [String] {
        _ = output
        guard let end = Self.last("\u{1B}[J", in: received[...]), let start = Self.last("\u{1B}[H", in: received[..<end]) else { return [] }
        let text = String(decoding: received[(start + 3)..<end], as: UTF8.self)
        // The terminal makes \r\n of a line feed once more.
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).map { String($0).replacing("\r", with: "").replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "") }
    }

    /// How often it has taken the terminal.
    var timesTaken: Int { output.split(separator: "\u{1B}[?1049h", omittingEmptySubsequences: false).count - 1 }

    private static func last(_ text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        return stride(from: bytes.endIndex - wanted.count, through: bytes.startIndex, by: -1).first { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }

    /// What the terminal does with input, and whether it shows it.
    var settings: [tcflag_t] {
        var settings = termios()
        tcgetattr(terminal, &settings)
        return [settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag]
    }

    /// As `waitpid` tells it, stops included; nil where nothing has changed.
    func change() -> Int32? {
        var status: Int32 = 0
        guard ending == nil, waitpid(identifier, &status, WNOHANG | WUNTRACED) == identifier else { return nil }
        if status & 0xFF != 0x7F { ending = status }
        return status
    }

    /// Waits for the end; the exit status, or 128 + the signal's number. What is written is read meanwhile.
    func finish() -> Int32 {
        _ = eventually {
            _ = output
            _ = change()
            return ending != nil
        }
        guard let ending else { return -1 }
        return ending & 0x7F == 0 ? ending >> 8 & 0xFF : 128 + ending & 0x7F
    }
}
