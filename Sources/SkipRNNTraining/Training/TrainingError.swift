/// What keeps a training from going on: one sentence.
public struct TrainingError: Error, CustomStringConvertible, Equatable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
