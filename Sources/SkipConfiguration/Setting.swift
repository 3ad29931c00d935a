/// One key's effective value and where it came from.
public struct Setting: Sendable, Equatable {
    /// The key's full name: `ingest.heartbeat`, `route[0].emit`.
    public let key: String
    /// The value as TOML has it; empty for a key that has no value unless it is given.
    public let value: String
    /// The line that gives it; nil for the default.
    public let place: ConfigurationPlace?

    /// `default`, or file and line.
    public var origin: String { place?.description ?? "default" }
}
