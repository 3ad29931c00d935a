public import SkipRNN

/// A route in force or going out of use, with what the sample path needs of it laid flat.
struct ActiveRoute {
    let route: Route
    let group: ModelGroup
    /// F.
    let features: Int
    let gateOptions: GateOptions
    /// Timesteps of a sequence; so many that it never ends for endless ones.
    let sequence: UInt64
    /// N of `emit = N`; 0 under another rule.
    let emitEvery: UInt64
    /// The model's name as JSON.
    let modelName: [UInt8]
    /// False once a reload has replaced it; its streams leave it at their next update.
    var isCurrent = true
    /// Streams under it.
    var streams = 0

    /// Longer than any timestep index, and far from overflowing when added to one.
    static let endless: UInt64 = 1 << 60

    init(_ route: Route, _ group: ModelGroup) {
        self.route = route
        self.group = group
        features = group.model.architecture.inputSize
        gateOptions = route.gateOptions(for: group.model)
        sequence = route.sequenceLength(for: group.model) ?? Self.endless
        if case .every(let timesteps) = route.emit { emitEvery = timesteps } else { emitEvery = 0 }
        var name: [UInt8] = []
        name.appendJSON(route.model)
        modelName = name
    }
}

/// A route together with the model it names: what a configuration comes down to.
public struct BoundRoute: Sendable {
    public let route: Route
    public let model: Model

    public init(_ route: Route, _ model: Model) {
        self.route = route
        self.model = model
    }
}

/// All routes that some stream may be under, in force or not.
struct RouteTable {
    private(set) var all: [ActiveRoute] = []
    /// Indices of the routes in force, in the configuration's order.
    private var current: [Int] = []

    /// The routes in force.
    var inForce: [ActiveRoute] { current.map { all[$0] } }

    subscript(index: UInt16) -> ActiveRoute {
        @inline(__always) _read { yield all[Int(index)] }
    }

    /// Puts other routes in force. A route that is equal, with an equal model, stays what it was; streams of others leave theirs later.
    mutating func install(_ routes: [BoundRoute]) {
        var places: [Int] = []
        for bound in routes {
            let group = all.first { $0.group.model.identity == bound.model.identity && $0.group.model.kernels.name == bound.model.kernels.name && $0.group.model.metadata == bound.model.metadata }?.group ?? ModelGroup(bound.model)
            if let index = current.first(where: { all[$0].route == bound.route && all[$0].group === group }), !places.contains(index) {
                places.append(index)
            } else if let index = all.indices.first(where: { !current.contains($0) && !places.contains($0) && all[$0].streams == 0 }) {
                all[index] = ActiveRoute(bound.route, group)
                places.append(index)
            } else {
                precondition(all.count < Int(UInt16.max), "there are too many routes")
                all.append(ActiveRoute(bound.route, group))
                places.append(all.count - 1)
            }
        }
        current = places
        for index in all.indices { all[index].isCurrent = places.contains(index) }
    }

    /// The first route in force whose pattern matches.
    func match(_ name: UnsafeRawBufferPointer) -> UInt16? {
        current.first { all[$0].route.match.matches(name) }.map { UInt16($0) }
    }

    mutating func countStream(_ index: UInt16, _ change: Int) { all[Int(index)].streams += change }
}
