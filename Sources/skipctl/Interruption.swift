import Glibc

/// Whether somebody asked the process to end (SIGINT, SIGTERM, SIGHUP): commands that must clean up look at it between steps.
enum Interruption {
    /// A signal handler may do little more than store a number; the main thread alone reads it.
    nonisolated(unsafe) private static var signal: sig_atomic_t = 0 // written by the handler, one machine word, read by the main thread only

    /// From now on these signals set the flag instead of ending the process. Blocking calls end early.
    static func watch() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { Interruption.signal = $0 }
            sigaction(number, &action, nil)
        }
        // A reader that is gone (`| head`) shows when standard output is written.
        Glibc.signal(SIGPIPE, SIG_IGN)
    }

    /// As if the signal had come.
    static func note(_ number: CInt) { signal = number }

    static var hasCome: Bool { signal != 0 }

    /// 128 + the signal's number, as shells report it.
    static var status: CInt { 128 + signal }
}
