import SkipRNN

/// A candidate model beside a route's, on a share of its streams: with states of its own, and nobody hears its results.
///
/// A processor of its own, handed the messages of the chosen streams after the one in force has worked them off. What runs is not touched by it but in
/// time.
final class ShadowRun {
    private let candidate: Candidate
    private var processor: StreamProcessor
    private var compared: UInt64 = 0
    private var agreed: UInt64 = 0
    /// Nanoseconds that it took.
    private var time: Int64 = 0
    private let chosen: UnsafeMutablePointer<Int>
    private let messages: UnsafeMutablePointer<IncomingMessage>

    /// What is tried, and beside what.
    private struct Candidate: Equatable {
        /// As the candidate's processor has it.
        var route: Route
        var shadow: Shadow
        var identity: String
        var runningIdentity: String

        init?(_ bound: BoundRoute) {
            guard let shadow = bound.route.shadow, let model = bound.shadow else { return nil }
            route = bound.route
            (route.model, route.emit, route.hints, route.budget, route.shadow) = (shadow.model, .end, false, nil, nil)
            (self.shadow, identity, runningIdentity) = (shadow, model.identity, bound.model.identity)
        }

        /// Shards below it are tried: of 1,024.
        var shards: Int { Int((shadow.share * 1024).rounded(.up)) }
    }

    /// Whether sequences have a length: then one that has begun can't be joined, because it would end elsewhere, and labels are compared at
    /// their ends; else after each message.
    private let hasSequences: Bool

    /// Takes on a route's candidate; nil where it has none.
    init?(_ bound: BoundRoute, limits: StreamLimits) {
        guard let candidate = Candidate(bound), let model = bound.shadow else { return nil }
        self.candidate = candidate
        processor = StreamProcessor(sink: SilentSink(), limits: limits)
        processor.install([BoundRoute(candidate.route, model)])
        processor.finals = []
        hasSequences = candidate.route.sequenceLength(for: model) != nil
        chosen = .allocate(capacity: StreamProcessor.blockSize)
        messages = .allocate(capacity: StreamProcessor.blockSize)
    }

    deinit {
        chosen.deallocate()
        messages.deallocate()
    }

    /// A Boolean value indicating whether it is what a route asks for.
    func isCandidate(of bound: BoundRoute) -> Bool { Candidate(bound) == candidate }

    /// Passes a block that the processor in force has just worked off.
    func process(_ block: UnsafeBufferPointer<IncomingMessage>, arrival: Int64, clock: Int64, after running: borrowing StreamProcessor) {
        let begun = running.workClock()
        var count = 0
        for index in block.indices where isChosen(index, running) {
            chosen[count] = index
            messages[count] = block[index]
            // Whether its device may has been asked already.
            messages[count].origin = IncomingMessage.anyone
            count += 1
        }
        guard count > 0 else { return }
        processor.process(UnsafeBufferPointer(start: messages, count: count), arrival: arrival, clock: clock)
        for place in 0..<count { compare(running.parts[chosen[place]].name, running) }
        processor.finals = []
        time += running.workClock() - begun
    }

    /// Whether a message was taken, and its stream is one that the candidate is tried with.
    private func isChosen(_ index: Int, _ running: borrowing StreamProcessor) -> Bool {
        let part = running.parts[index]
        guard part.isUsable, let slot = running.table.find(part.name, part.hash, guess: nil) else { return false }
        let stream = running.table[slot]
        guard running.routes[stream.pointee.route].pointee.route.match.text == match, shard(of: part.name) < candidate.shards else { return false }
        // A stream joins where a sequence begins, so that both read the same ones.
        return !hasSequences || stream.pointee.sequenceStart == part.first || processor.table.find(part.name) != nil
    }

    private func compare(_ name: UnsafeRawBufferPointer, _ running: borrowing StreamProcessor) {
        guard !hasSequences else { return compareFinals(name, running) }
        guard let ours = running.label(of: name), let theirs = processor.label(of: name) else { return }
        compared += 1
        if ours == theirs { agreed += 1 }
    }

    /// Compares the sequences that both have just ended; each once, though several messages of the stream may have been in the block.
    private func compareFinals(_ name: UnsafeRawBufferPointer, _ running: borrowing StreamProcessor) {
        guard let finals = processor.finals, let others = running.finals else { return }
        for final in finals where final.stream.elementsEqual(name) {
            guard let other = others.first(where: { $0.timestep == final.timestep && $0.stream == final.stream }) else { continue }
            compared += 1
            if other.label == final.label { agreed += 1 }
        }
        processor.finals?.removeAll { $0.stream.elementsEqual(name) }
    }

    /// The pattern of the route it is tried under.
    var match: String { candidate.route.match.text }

    /// What is known of it.
    var status: ShadowStatus {
        let model = processor.models[0]
        return ShadowStatus(
            model: candidate.shadow.model, share: Double(candidate.shards) / 1024, streams: model.streams, updates: model.updates, timesteps: model.timesteps,
            compared: compared, agreed: agreed, seconds: Double(time) / 1e9)
    }
}

/// Nobody hears it.
private final class SilentSink: ResultSink {
    func wants(topic: UnsafeRawBufferPointer) -> Bool { false }
    func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {}
    func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) {}
}

/// How a candidate does beside the model in force.
public struct ShadowStatus: Sendable, Equatable {
    public var model: String
    /// Share of the streams.
    public var share: Double
    /// Streams it runs.
    public var streams: Int
    /// Updates made, of so many timesteps.
    public var updates: UInt64
    public var timesteps: UInt64
    /// Sequences (where they are endless, messages) after which both had a most probable label, and those after which it was the same.
    public var compared: UInt64
    public var agreed: UInt64
    /// Time that it took since it was taken on.
    public var seconds: Double
}

/// What a sequence ended with.
struct FinalLabel {
    let stream: [UInt8]
    let timestep: UInt64
    let label: String
}

extension StreamProcessor {
    /// Notes what a sequence has ended with, for a comparison.
    @inline(never)
    mutating func noteFinal(_ slot: UInt32, _ timestep: UInt64) {
        let name = StreamSlot.withName(table[slot]) { [UInt8]($0) }
        guard let label = name.withUnsafeBytes({ self.label(of: $0) }) else { return }
        finals?.append(FinalLabel(stream: name, timestep: timestep, label: label))
    }

    /// The label that a stream's state makes most probable; nil where it is unknown, has had no update in this sequence, or is a regression's.
    func label(of name: UnsafeRawBufferPointer) -> String? {
        guard let slot = table.find(name), table[slot].pointee.updates > 0 else { return nil }
        let group = routes[table[slot].pointee.route].pointee.group
        guard group.model.architecture.task == .classification else { return nil }
        return group.model.metadata.labels[group.classify(table[slot].pointee.row).label]
    }

    /// Makes a route's candidate its model, until a reload; streams take it as the route's `switching` says.
    /// - Returns: the candidate's name; nil where there is no such route, or it has none.
    public mutating func promote(route pattern: String) -> String? {
        guard let index = installed.firstIndex(where: { $0.route.match.text == pattern }), let shadow = installed[index].route.shadow, let model = installed[index].shadow else { return nil }
        var routes = installed
        var route = routes[index].route
        (route.model, route.shadow) = (shadow.model, nil)
        routes[index] = BoundRoute(route, model)
        install(routes, keepsStretches: true)
        return shadow.model
    }
}
