/// What is wrong with a file that was to be read or written: one sentence that names the file.
public struct FileFormatError: Error, CustomStringConvertible, Equatable {
    /// The file's path, as it was given.
    public let file: String
    /// What was found, what was expected, and where; without the file's name.
    public let problem: String

    public init(_ file: String, _ problem: String) {
        self.file = file
        self.problem = problem
    }

    public var description: String { "\(file): \(problem)" }
}
