/// Why states can't be stored or read.
public struct StoreError: Error, CustomStringConvertible, Equatable {
    /// One sentence.
    public let description: String
    /// A Boolean value indicating whether another skipd has the directory.
    public let isInUse: Bool

    init(_ sentence: String, isInUse: Bool = false) {
        description = sentence
        self.isInUse = isInUse
    }
}
