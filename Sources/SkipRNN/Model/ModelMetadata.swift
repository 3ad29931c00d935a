/// What a model file says besides its weights and architecture.
public struct ModelMetadata: Sendable, Equatable {
    /// Class names in the order of the head's rows; empty for regression.
    public var labels: [String] = []
    /// Names of the F input features; empty where the file has none.
    public var channels: [String] = []
    /// Timesteps per second, where known.
    public var sampleRate: Double?
    /// Timesteps of one sequence as trained; nil for endless.
    public var sequenceLength: Int?
    /// The most timesteps skipped in a row before an update is forced; nil for no bound.
    public var maxSkip: Int?
    /// What the trainer recorded, under its keys without the prefix `training.`.
    public var training: [String: String] = [:]

    public init() {}

    private enum Key {
        static let channels = "channels", labels = "labels", sampleRate = "sample_rate_hz"
        static let sequenceLength = "sequence_length", maxSkip = "max_skip", training = "training."
    }

    /// The keys that model files may have.
    static let known: Set<String> = [
        "format", "version", "cell", "gru_variant", "candidate_input", "layer_norm", "task",
        Key.channels, Key.labels, Key.sampleRate, Key.sequenceLength, Key.maxSkip,
    ]

    static func isKnown(_ key: String) -> Bool { known.contains(key) || key.hasPrefix(Key.training) }

    /// Reads a file's metadata.
    init(_ file: Safetensors) throws(FileFormatError) {
        labels = try Self.strings(file, Key.labels) ?? []
        channels = try Self.strings(file, Key.channels) ?? []
        sampleRate = try Self.sampleRate(file)
        sequenceLength = try Self.count(file, Key.sequenceLength)
        maxSkip = try Self.count(file, Key.maxSkip)
        for (key, value) in file.metadata where key.hasPrefix(Key.training) { training[String(key.dropFirst(Key.training.count))] = value }
    }

    /// The metadata as a file has it.
    var encoded: [String: String] {
        var metadata: [String: String] = [:]
        if !labels.isEmpty { metadata[Key.labels] = jsonArray(labels) }
        if !channels.isEmpty { metadata[Key.channels] = jsonArray(channels) }
        if let sampleRate { metadata[Key.sampleRate] = sampleRate == sampleRate.rounded() && abs(sampleRate) < 1e15 ? String(Int(sampleRate)) : String(sampleRate) }
        if let sequenceLength { metadata[Key.sequenceLength] = String(sequenceLength) }
        if let maxSkip { metadata[Key.maxSkip] = String(maxSkip) }
        for (key, value) in training { metadata[Key.training + key] = value }
        return metadata
    }

    static func strings(_ file: Safetensors, _ key: String) throws(FileFormatError) -> [String]? {
        guard let text = file.metadata[key] else { return nil }
        guard let strings = stringsOfJSONArray(text) else { throw FileFormatError(file.file, "its metadata \(key) is \(text.prefix(80)), a JSON array of strings was expected") }
        return strings
    }

    static func sampleRate(_ file: Safetensors) throws(FileFormatError) -> Double? {
        guard let text = file.metadata[Key.sampleRate] else { return nil }
        guard let rate = Double(text), rate.isFinite, rate > 0 else { throw FileFormatError(file.file, "its metadata \(Key.sampleRate) is \(text.prefix(80)), a number above 0 was expected") }
        return rate
    }

    private static func count(_ file: Safetensors, _ key: String) throws(FileFormatError) -> Int? {
        guard let text = file.metadata[key] else { return nil }
        guard let count = Int(text), count > 0, count <= 1 << 53 else { throw FileFormatError(file.file, "its metadata \(key) is \(text.prefix(80)), a whole number from 1 up was expected") }
        return count
    }
}
