/// What came of reading a store.
public struct LoadReport: Sendable, Equatable {
    /// Records read, damaged ones included.
    public var records = 0
    /// Those that were not as they were written.
    public var damagedRecords = 0
    /// What is wrong with the store; nil for nothing.
    public var damage: String?
    /// Where the damaged store is now; nil where it is sound, or can't be renamed.
    public var setAside: String?

    public init() {}
}
