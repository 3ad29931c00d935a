public import SkipRNN

/// A route in force or going out of use, with what the sample path needs of it laid flat.
struct ActiveRoute {
    /// F.
    let features: Int
    /// Timesteps of a sequence; so many that it never ends for endless ones.
    let sequence: UInt64
    /// N of `emit = N`; 0 under another rule.
    let emitEvery: UInt64
    /// Streams under it.
    var streams = 0
    /// False once a reload has replaced it; its streams leave it at their next update.
    var isCurrent = true
    let route: Route
    /// When results are published: the route's rule, where the model has labels that can change.
    let emit: EmitRule
    /// Its stretch is the route's own, or what an operator or the budget has made of it.
    private(set) var gateOptions: GateOptions
    /// What an operator has set the stretch to; nil for the route's own.
    var chosenStretch: Float? { didSet { takeStretch() } }
    /// What holds the budget; nil where there is none, or nothing to shed because the cell has no gate.
    var controller: BudgetController?
    /// A Boolean value indicating whether an update needs a look at its budget or its bound.
    let isWatchful: Bool
    /// Updates made.
    var updates: UInt64 = 0
    let group: ModelGroup
    /// The model's name as JSON.
    let modelName: [UInt8]

    /// Longer than any timestep index, and far from overflowing when added to one.
    static let endless: UInt64 = 1 << 60

    init(_ route: Route, _ group: ModelGroup) {
        self.route = route
        self.group = group
        features = group.model.architecture.inputSize
        gateOptions = route.gateOptions(for: group.model)
        let canSkip = group.model.architecture.cell.hasStateUpdateGate
        controller = canSkip ? route.budget.map { BudgetController(limit: $0.limit) } : nil
        isWatchful = controller != nil || group.gaps != nil
        sequence = min(route.sequenceLength(for: group.model) ?? Self.endless, Self.endless)
        if case .every(let timesteps) = route.emit { emitEvery = min(timesteps, Self.endless) } else { emitEvery = 0 }
        if case .change = route.emit, group.model.architecture.task == .regression {
            // A regression has no label; each of its values is another one.
            emit = .update
        } else {
            emit = route.emit
        }
        var name: [UInt8] = []
        name.appendJSON(route.model)
        modelName = name
    }

    /// When updates fall due for a stream that has a stretch of its own.
    func gateOptions(stretch: Float) -> GateOptions {
        guard group.model.architecture.cell.hasStateUpdateGate else { return gateOptions }
        // As far as a number goes: beyond it nothing is read either.
        return GateOptions(stretch: min(stretch * (controller?.factor ?? 1), .greatestFiniteMagnitude), maxSkip: gateOptions.maxSkip)
    }

    /// The stretch that an operator or the file asks for, which a budget multiplies.
    var askedStretch: Float { chosenStretch ?? route.stretch }

    private mutating func takeStretch() { gateOptions = gateOptions(stretch: askedStretch) }

    /// Moves the stretch on if it is time.
    mutating func control(at now: Int64) -> BudgetController.Change? {
        let change = controller?.advance(to: now)
        takeStretch()
        return change
    }

    /// Takes over what another route of the same budget has found out.
    mutating func inherit(from other: ActiveRoute) {
        guard route.budget == other.route.budget, controller != nil, other.controller != nil else { return }
        controller = other.controller
        takeStretch()
    }

    /// A Boolean value indicating whether everything but the pattern, and the encoding, which each message is read by anew, is as in another route.
    func hasOptions(of other: Route) -> Bool {
        var same = route
        same.match = other.match
        same.encoding = other.encoding
        return same == other
    }
}

/// A route together with the model it names: what a configuration comes down to.
public struct BoundRoute: Sendable {
    public let route: Route
    public let model: Model
    /// The candidate that the route names as its shadow.
    public let shadow: Model?

    public init(_ route: Route, _ model: Model, shadow: Model? = nil) {
        self.route = route
        self.model = model
        self.shadow = shadow
    }
}

/// All routes that some stream may be under, in force or not.
///
/// A route has a place as long as it is in force or has streams; a model goes with the last of its routes.
struct RouteTable: ~Copyable {
    private var storage: UnsafeMutablePointer<ActiveRoute> = .allocate(capacity: 1)
    private var capacity = 1
    /// The places in use.
    private var used: [UInt16] = []
    /// The places of the routes in force, in the configuration's order.
    private var current: [UInt16] = []

    /// Whether any route in force has a budget, and whether one is of time.
    private(set) var hasBudget = false
    private(set) var hasTimeBudget = false

    deinit {
        for place in used { (storage + Int(place)).deinitialize(count: 1) }
        storage.deallocate()
    }

    /// The route at a place in use.
    @inline(__always)
    subscript(place: UInt16) -> UnsafeMutablePointer<ActiveRoute> { storage + Int(place) }

    /// Routes that have a place.
    var count: Int { used.count }

    /// What can be said of the models in force, each once, in the routes' order.
    var models: [ModelStatus] {
        var models: [ModelStatus] = []
        for place in current where !models.contains(where: { $0.name == self[place].pointee.route.model }) {
            let (name, group) = (self[place].pointee.route.model, self[place].pointee.group)
            let streams = used.filter { self[$0].pointee.group === group && self[$0].pointee.route.model == name }.reduce(0) { $0 + self[$1].pointee.streams }
            models.append(ModelStatus(name: name, identity: group.model.identity, features: group.model.architecture.inputSize, streams: streams, updates: group.updates, timesteps: group.timesteps))
        }
        return models
    }

    /// Puts other routes in force. The streams of a route that stays, behind none that is new, stay where they are; others leave
    /// their places later.
    mutating func install(_ routes: [BoundRoute], keepsStretches: Bool) {
        let before = current
        var places: [UInt16] = []
        for bound in routes {
            let group = group(of: bound)
            let index = before.firstIndex { self[$0].pointee.route == bound.route && self[$0].pointee.group === group && !places.contains($0) }
            if let index, places.allSatisfy({ before[..<index].contains($0) }) {
                places.append(before[index])
                if !keepsStretches { self[before[index]].pointee.chosenStretch = nil }
            } else {
                var route = ActiveRoute(bound.route, group)
                if let earlier = before.first(where: { self[$0].pointee.route.match == bound.route.match }) {
                    route.inherit(from: self[earlier].pointee)
                    if keepsStretches { route.chosenStretch = self[earlier].pointee.chosenStretch }
                }
                places.append(add(route))
            }
        }
        current = places
        hasBudget = places.contains { self[$0].pointee.controller != nil }
        hasTimeBudget = places.contains {
            if self[$0].pointee.controller != nil, case .cpu = self[$0].pointee.route.budget { true } else { false }
        }
        for place in used {
            self[place].pointee.isCurrent = places.contains(place)
            removeIfIdle(place)
        }
    }

    /// The group that runs a model already, else a new one.
    private func group(of bound: BoundRoute) -> ModelGroup {
        let model = bound.model
        let gaps = bound.route.maxUpdates.flatMap { model.architecture.cell.hasStateUpdateGate ? $0.count - 1 : nil }
        let running = used.filter {
            let other = self[$0].pointee.group.model
            return other.identity == model.identity && other.kernels.name == model.kernels.name && other.metadata == model.metadata
        }
        if let place = running.first(where: { self[$0].pointee.group.gaps == gaps }) { return self[place].pointee.group }
        // Other rows, but the model that is there.
        return ModelGroup(running.first.map { self[$0].pointee.group.model } ?? model, gaps: gaps)
    }

    private mutating func add(_ route: ActiveRoute) -> UInt16 {
        // The first place that is free.
        let place = (0...used.count).first { !used.contains(UInt16($0)) } ?? used.count
        precondition(place < Int(UInt16.max), "there are too many routes")
        if place == capacity {
            let larger = UnsafeMutablePointer<ActiveRoute>.allocate(capacity: 2 * capacity)
            larger.moveInitialize(from: storage, count: capacity)
            storage.deallocate()
            (storage, capacity) = (larger, 2 * capacity)
        }
        (storage + place).initialize(to: route)
        used.append(UInt16(place))
        return UInt16(place)
    }

    private mutating func removeIfIdle(_ place: UInt16) {
        guard self[place].pointee.streams == 0, !self[place].pointee.isCurrent else { return }
        (storage + Int(place)).deinitialize(count: 1)
        used.removeAll { $0 == place }
    }

    /// The first route in force whose pattern matches.
    func match(_ name: UnsafeRawBufferPointer) -> UInt16? { current.first { self[$0].pointee.route.match.matches(name) } }

    /// Notes that a stream has come under a route, or has left it.
    mutating func countStream(_ place: UInt16, _ change: Int) {
        self[place].pointee.streams += change
        if change < 0 { removeIfIdle(place) }
    }

    /// The place of the first route in force with a pattern of this text.
    func place(ofPattern text: String) -> UInt16? { current.first { self[$0].pointee.route.match.text == text } }

    /// The routes in force, in the configuration's order.
    var inForce: [UInt16] { current }

    /// Streams that still run as before a reload.
    var streamsBehind: Int { used.reduce(0) { $0 + (self[$1].pointee.isCurrent ? 0 : self[$1].pointee.streams) } }
}
