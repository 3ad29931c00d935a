/// One route in force: an element of the reply to `routes`, and of `status`.
public struct RouteReply: Codable, Sendable, Equatable {
    /// The route's pattern.
    public var route: String
    public var model: String
    /// Streams that run under it, and updates made since it came into force.
    public var streams: Int
    public var updates: UInt64
    /// κ in force, and what the configuration says.
    public var stretch: Float
    public var configuredStretch: Float
    /// nil where there is none.
    public var budget: BudgetReply?
    /// The candidate beside its model; nil where there is none.
    public var shadow: ShadowReply?

    /// How a candidate does beside the model in force.
    public struct ShadowReply: Codable, Sendable, Equatable {
        public var model: String
        /// Share of the streams, and how many these are now.
        public var share: Double
        public var streams: Int
        public var updates: UInt64
        public var timesteps: UInt64
        /// Sequences (where they are endless, messages) after which both had a most probable label, and those after which it was the same.
        public var compared: UInt64
        public var agreed: UInt64
        /// Seconds that it took.
        public var seconds: Double
    }

    /// How a route does with its budget.
    public struct BudgetReply: Codable, Sendable, Equatable {
        /// `updates_per_second` or `cpu`.
        public var kind: String
        public var limit: Double
        /// Cost a second, in the same unit.
        public var load: Double
        /// What it multiplies the route's stretch by.
        public var factor: Float
        /// A Boolean value indicating whether all that can be shed is shed, and it is not enough.
        public var exceeded: Bool
    }

    private enum CodingKeys: String, CodingKey {
        case route, model, streams, updates, stretch, budget, shadow
        case configuredStretch = "configured_stretch"
    }

    public init(_ status: RouteStatus) {
        route = status.match
        model = status.model
        streams = status.streams
        updates = status.updates
        stretch = status.stretch
        configuredStretch = status.configuredStretch
        budget = status.budget.map { budget in
            BudgetReply(kind: budget.budget.name, limit: budget.budget.limit, load: budget.load, factor: budget.factor, exceeded: budget.isExceeded)
        }
        shadow = status.shadow.map { shadow in
            ShadowReply(
                model: shadow.model, share: shadow.share, streams: shadow.streams, updates: shadow.updates, timesteps: shadow.timesteps,
                compared: shadow.compared, agreed: shadow.agreed, seconds: shadow.seconds)
        }
    }
}

/// The reply to `routes`.
public struct RoutesReply: Codable, Sendable, Equatable {
    public var ok = true
    public var routes: [RouteReply]

    public init(routes: [RouteReply]) { self.routes = routes }
}
