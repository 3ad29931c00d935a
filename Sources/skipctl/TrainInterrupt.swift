import Glibc

/// Whether somebody asked the process to end (Ctrl-C, SIGTERM): the training stops at its next step and leaves a checkpoint.
enum TrainInterrupt {
    nonisolated(unsafe) private static var flag: sig_atomic_t = 0 // written by the signal handler alone, read between steps

    static var isRequested: Bool { flag != 0 }

    /// Takes the signals over. A second one ends the process at once.
    static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                TrainInterrupt.flag = 1
                signal(number, SIG_DFL)
            }
        }
    }
}
