import ArgumentParser

/// Why a command could not do what it was asked: one sentence that says what to do, and the exit status.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    let status: ExitCode

    init(_ description: String, status: ExitCode = .failure) {
        self.description = description
        self.status = status
    }
}

extension ExitCode {
    /// Nothing matched, or the time given ran out.
    static let nothingMatched = ExitCode(2)
}
