public import SkipRNN

/// What is done with the streams whose names match a pattern: which model runs them, and what is published when.
public struct Route: Sendable, Equatable {
    /// Glob over the stream name. The first route that matches wins.
    public var match: StreamPattern
    /// The model's name in the configuration.
    public var model: String
    /// How headerless messages are encoded. The default is `.float32`.
    public var encoding: PayloadEncoding
    /// When results are published. The default is `.change`.
    public var emit: EmitRule
    /// A Boolean value indicating whether results carry all C probabilities. The default is false.
    public var probabilities: Bool
    /// A Boolean value indicating whether `hint/<stream>` is published after each update. The default is false.
    public var hints: Bool
    /// Hints are rounded down to multiples of this many timesteps; nil for exact ones. The default is nil.
    public var hintEvery: UInt64?
    /// What happens when timesteps that were to be read are lost. The default is `.hold`.
    public var gap: GapRule
    /// κ ≥ 1: the update probability increment is divided by it. The default is 1, the trained behaviour.
    public var stretch: Float
    /// Timesteps of a sequence; nil for the model's own; 0 for endless. The default is nil.
    public var sequence: UInt64?
    /// The most timesteps skipped in a row; nil for the model's own. The default is nil.
    public var maxSkip: Int?

    public init(
        match: StreamPattern, model: String, encoding: PayloadEncoding = .float32, emit: EmitRule = .change(),
        probabilities: Bool = false, hints: Bool = false, hintEvery: UInt64? = nil, gap: GapRule = .hold,
        stretch: Float = 1, sequence: UInt64? = nil, maxSkip: Int? = nil
    ) {
        self.match = match
        self.model = model
        self.encoding = encoding
        self.emit = emit
        self.probabilities = probabilities
        self.hints = hints
        self.hintEvery = hintEvery
        self.gap = gap
        self.stretch = stretch
        self.sequence = sequence
        self.maxSkip = maxSkip
    }

    /// When updates fall due under this route, for a model.
    public func gateOptions(for model: Model) -> GateOptions { model.gateOptions(stretch: stretch, maxSkip: maxSkip) }

    /// Timesteps of a sequence under this route, for a model; nil for endless.
    public func sequenceLength(for model: Model) -> UInt64? {
        let length = sequence ?? model.metadata.sequenceLength.map { UInt64($0) } ?? 0
        return length == 0 ? nil : length
    }
}

/// When a stream's results are published. A sequence's final result is published under every rule.
public enum EmitRule: Sendable, Equatable {
    /// At each state update.
    case update
    /// When the label differs from the last published one, with at least `minimumProbability`, for `hold` updates in a row.
    case change(minimumProbability: Float = 0, hold: Int = 1)
    /// Finals only.
    case end
    /// Every so many timesteps of a sequence, updated or not.
    case every(UInt64)
}

/// What happens when timesteps that were to be read are lost.
public enum GapRule: String, Sendable, CaseIterable {
    /// The state is kept; the update happens at the first timestep received.
    case hold
    /// The sequence begins anew at the first timestep received.
    case reset
}

/// How a message without a header is encoded.
public enum PayloadEncoding: String, Sendable, CaseIterable {
    case float32 = "f32"
    case json
}
