/// A line of a configuration file, written as compilers do: `etc/skipd.toml:14`.
public struct ConfigurationPlace: Sendable, Hashable, CustomStringConvertible {
    /// The file's path, as it was given.
    public let file: String
    /// Counted from 1; nil for the file as a whole.
    public let line: Int?
    /// Counted from 1; nil unless the syntax is wrong there.
    public let column: Int?

    public init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String {
        ([file] + [line, column].compactMap { $0 }.map(String.init)).joined(separator: ":")
    }
}

/// One thing that is wrong in a configuration file.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    public let place: ConfigurationPlace
    /// What was found and what was expected, as one sentence without the place.
    public let sentence: String

    public init(_ place: ConfigurationPlace, _ sentence: String) {
        self.place = place
        self.sentence = sentence
    }

    public var description: String { "\(place): \(sentence)" }
}

/// Everything that is wrong in a configuration file, in the file's order: at least one problem.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) {
        precondition(!problems.isEmpty, "a configuration error must say what is wrong")
        self.problems = problems
    }

    /// A line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
