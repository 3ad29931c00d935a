import ArgumentParser

/// Why a command could not do what it was asked: one sentence that says what to do. Exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ExitCode {
    /// Nothing matched, or the time given ran out.
    static let nothingMatched = ExitCode(2)
}
