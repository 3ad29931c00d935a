/// What a route's updates may cost: where they would cost more, its stretch grows until they don't.
///
/// Accuracy is shed and not data: every timestep is still taken, fewer are read. What can't be shed, a sequence's first timestep and what
/// `max_skip` forces, is still read.
public enum Budget: Sendable, Equatable {
    /// Updates of all its streams together.
    case updatesPerSecond(Double)
    /// The part of one core's time that the updates take, results included.
    case cpu(Double)

    /// Its name in the configuration.
    public var name: String {
        switch self {
        case .updatesPerSecond: "updates_per_second"
        case .cpu: "cpu"
        }
    }

    /// In updates a second, or seconds of a core a second.
    public var limit: Double {
        switch self {
        case .updatesPerSecond(let limit), .cpu(let limit): limit
        }
    }
}

/// At most so many updates within any so many timesteps of a sequence.
///
/// The guarantee of SkipW (Mayet, Lambert et al., ICLR 2021), for every window of L timesteps rather than for consecutive ones. An update that the gate
/// asks for sooner waits. A sequence's first timestep is always read.
public struct UpdateBound: Sendable, Hashable {
    /// K, at least 1.
    public var count: Int
    /// L, at least K.
    public var timesteps: UInt64

    public init(count: Int, timesteps: UInt64) {
        self.count = count
        self.timesteps = timesteps
    }

    /// The largest K: each stream keeps K − 1 numbers.
    public static let largestCount = 1024
    /// The largest L: distances up to it are exact as Float32.
    public static let largestWindow: UInt64 = 1 << 24
}

/// When streams of a route take another model that a reload has brought.
public enum SwitchRule: String, Sendable, CaseIterable {
    /// Each when its next sequence begins; one that never ends stays until it is reset.
    case sequence
    /// At its next message: the state begins anew.
    case reset
    /// At its next update, keeping the state where the architectures are equal: for the same weights trained on. Else as `sequence`.
    case carry
}

/// A candidate model that runs beside a route's, with states of its own.
public struct Shadow: Sendable, Equatable {
    /// The candidate's name in the configuration.
    public var model: String
    /// The share of the streams that it runs, by their shards.
    public var share: Double

    public init(model: String, share: Double = 1) {
        self.model = model
        self.share = share
    }
}
