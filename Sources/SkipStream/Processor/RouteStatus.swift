import SkipRNN

/// What is known of a route in force.
public struct RouteStatus: Sendable, Equatable {
    /// The route's pattern.
    public var match: String
    public var model: String
    /// Streams that run under it.
    public var streams: Int
    /// Updates made under it since it came into force.
    public var updates: UInt64
    /// κ in force, and what the configuration says.
    public var stretch: Float
    public var configuredStretch: Float
    /// nil where there is none.
    public var budget: BudgetStatus?
    /// nil where there is none.
    public var shadow: ShadowStatus?
}

/// How a route does with its budget.
public struct BudgetStatus: Sendable, Equatable {
    public var budget: Budget
    /// Cost a second, in the budget's unit, smoothed over about a second.
    public var load: Double
    /// What it multiplies the route's stretch by; 1 while the load is within the budget.
    public var factor: Float
    /// A Boolean value indicating whether all that can be shed is shed, and it is not enough.
    public var isExceeded: Bool
}

extension StreamProcessor {
    /// The routes in force, in the configuration's order; of several with one pattern the first, which is the one that counts.
    public var routeStatuses: [RouteStatus] {
        var statuses: [RouteStatus] = []
        for place in routes.inForce {
            let route = routes[place]
            guard !statuses.contains(where: { $0.match == route.pointee.route.match.text }) else { continue }
            var status = RouteStatus(
                match: route.pointee.route.match.text, model: route.pointee.route.model, streams: route.pointee.streams, updates: route.pointee.updates,
                stretch: route.pointee.gateOptions.stretch, configuredStretch: route.pointee.route.stretch)
            if let budget = route.pointee.route.budget, let controller = route.pointee.controller {
                status.budget = BudgetStatus(budget: budget, load: controller.load, factor: controller.factor, isExceeded: controller.isExceeded)
            }
            status.shadow = shadows.first { $0.match == status.match }?.status
            statuses.append(status)
        }
        return statuses
    }

    /// Streams that still run as before a reload, because none of the moments has come at which they take the change.
    public var streamsBehind: Int { routes.streamsBehind }

    /// Streams that an operator has given a stretch of their own.
    public var ownStretches: Int { stretches.count }
}
