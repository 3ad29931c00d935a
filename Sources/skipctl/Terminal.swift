import Glibc

/// The terminal as a full-screen command needs it: the other screen, no cursor, keys without a return. However the process ends or is
/// stopped, it is put back: when `use` returns or throws, and by a handler where a signal kills, stops or finds a mistake of ours. (SIGKILL
/// leaves nobody who could; `reset` helps then.)
enum Terminal {
    /// What the terminal was before; read by signal handlers.
    nonisolated(unsafe) private static var before = termios() // written before a handler is installed that reads it
    /// A Boolean value indicating whether the terminal is changed.
    nonisolated(unsafe) private static var isTaken: sig_atomic_t = 0 // one machine word, changed by the main thread and by handlers that interrupt it

    private static let enter: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
    private static let leave: StaticString = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"

    /// Runs a body with the terminal taken. SIGINT, SIGTERM and SIGHUP set `Interruption`, which the body has to look at.
    static func use<Value>(_ body: () throws -> Value) throws -> Value {
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { throw CommandFailure("standard input is no terminal; give --json, or send the output elsewhere") }
        Interruption.watch()
        for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] {
            // The default action follows, as if there were no handler.
            install(number, CInt(bitPattern: SA_RESETHAND)) { number in
                Terminal.restore()
                raise(number)
            }
        }
        install(SIGTSTP, 0) { _ in
            Terminal.restore()
            kill(getpid(), SIGSTOP)
            // Here the process goes on.
            Terminal.take()
        }
        // It need not do anything: the wait for a key ends by it, and the next picture has the new size.
        install(SIGWINCH, 0) { _ in }
        take()
        defer { restore() }
        return try body()
    }

    /// Columns and rows.
    static var size: (columns: Int, rows: Int) { size(of: STDOUT_FILENO) }

    /// Columns and rows of the terminal behind a descriptor; 80 and 24 where there is none.
    static func size(of descriptor: CInt) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Waits for a key.
    /// - Returns: nil where the time ran out, a signal came or the terminal is gone.
    static func key(within timeout: Duration) -> UInt8? {
        var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32(max(0, timeout / .milliseconds(1)))) > 0 else { return nil }
        var byte: UInt8 = 0
        guard read(STDIN_FILENO, &byte, 1) == 1 else {
            // Nobody is there any more.
            Interruption.note(SIGHUP)
            return nil
        }
        return byte
    }

    private static func install(_ number: CInt, _ flags: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = flags
        sigaction(number, &action, nil)
    }

    // Only what a signal handler may do.

    private static func take() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        isTaken = 1
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        _ = write(STDOUT_FILENO, enter.utf8Start, enter.utf8CodeUnitCount)
    }

    private static func restore() {
        guard isTaken != 0 else { return }
        isTaken = 0
        _ = write(STDOUT_FILENO, leave.utf8Start, leave.utf8CodeUnitCount)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
    }
}
