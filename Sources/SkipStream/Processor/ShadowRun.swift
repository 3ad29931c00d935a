import SkipRNN

/// Candidate models beside those in force, on a share of the streams: with states of their own, and nobody hears their results.
///
/// A processor of its own, handed the messages of the chosen streams after the one in force has worked them off. What runs is not touched by it but in
/// time.
final class ShadowRun {
    /// What is known of one route's candidate.
    private struct Trial {
        let match: String
        let model: String
        /// Shards below it are tried: of 1,024.
        let shards: Int
        /// Whether sequences have a length: then one that has begun can't be joined, because it would end elsewhere, and labels are compared at
        /// their ends; else after each message.
        let hasSequences: Bool
        var compared: UInt64 = 0
        var agreed: UInt64 = 0
    }

    private var processor: StreamProcessor
    private var trials: [Trial]
    /// Nanoseconds that the candidates took.
    private var time: Int64 = 0
    private let chosen: UnsafeMutablePointer<(index: Int, trial: Int)>
    private let messages: UnsafeMutablePointer<IncomingMessage>

    /// Takes on the candidates of some routes; nil where there are none.
    init?(_ routes: [BoundRoute], limits: StreamLimits) {
        var (bound, trials): ([BoundRoute], [Trial]) = ([], [])
        for route in routes {
            guard let shadow = route.route.shadow, let model = route.shadow else { continue }
            var candidate = route.route
            (candidate.model, candidate.emit, candidate.hints, candidate.budget, candidate.shadow) = (shadow.model, .end, false, nil, nil)
            bound.append(BoundRoute(candidate, model))
            trials.append(Trial(
                match: route.route.match.text, model: shadow.model, shards: Int((shadow.share * 1024).rounded(.up)),
                hasSequences: candidate.sequenceLength(for: model) != nil))
        }
        guard !bound.isEmpty else { return nil }
        var processor = StreamProcessor(sink: SilentSink(), limits: limits)
        processor.install(bound)
        processor.finals = []
        self.processor = processor
        self.trials = trials
        chosen = .allocate(capacity: StreamProcessor.blockSize)
        messages = .allocate(capacity: StreamProcessor.blockSize)
    }

    deinit {
        chosen.deallocate()
        messages.deallocate()
    }

    /// Passes a block that the processor in force has just worked off.
    func process(_ block: UnsafeBufferPointer<IncomingMessage>, arrival: Int64, clock: Int64, after running: borrowing StreamProcessor) {
        let begun = running.workClock()
        var count = 0
        for index in block.indices {
            guard let trial = trial(of: index, running) else { continue }
            chosen[count] = (index, trial)
            messages[count] = block[index]
            // It has been asked already whether its device may.
            messages[count].origin = IncomingMessage.anyone
            count += 1
        }
        guard count > 0 else { return }
        processor.process(UnsafeBufferPointer(start: messages, count: count), arrival: arrival, clock: clock)
        for place in 0..<count { compare(chosen[place].index, chosen[place].trial, running) }
        processor.finals = []
        time += running.workClock() - begun
    }

    /// The candidate that a message's stream is tried with; nil for none.
    private func trial(of index: Int, _ running: borrowing StreamProcessor) -> Int? {
        let part = running.parts[index]
        guard part.isUsable, let slot = running.table.find(part.name, part.hash, guess: nil) else { return nil }
        let stream = running.table[slot]
        let match = running.routes[stream.pointee.route].pointee.route.match.text
        guard let place = trials.firstIndex(where: { $0.match == match }), shard(of: part.name) < trials[place].shards else { return nil }
        // A stream joins where a sequence begins, so that both read the same ones.
        let joins = !trials[place].hasSequences || stream.pointee.sequenceStart == part.first || processor.table.find(part.name) != nil
        return joins ? place : nil
    }

    private func compare(_ index: Int, _ place: Int, _ running: borrowing StreamProcessor) {
        let name = running.parts[index].name
        guard !trials[place].hasSequences else { return compareFinals(name, place, running) }
        guard let ours = running.label(of: name), let theirs = processor.label(of: name) else { return }
        trials[place].compared += 1
        if ours == theirs { trials[place].agreed += 1 }
    }

    /// Compares the sequences that both have just ended; each once, though several messages of the stream may have been in the block.
    private func compareFinals(_ name: UnsafeRawBufferPointer, _ place: Int, _ running: borrowing StreamProcessor) {
        guard let finals = processor.finals, let others = running.finals else { return }
        for final in finals where final.stream.elementsEqual(name) {
            guard let other = others.first(where: { $0.timestep == final.timestep && $0.stream == final.stream }) else { continue }
            trials[place].compared += 1
            if other.label == final.label { trials[place].agreed += 1 }
        }
        processor.finals?.removeAll { $0.stream.elementsEqual(name) }
    }

    /// What is known of a route's candidate.
    func status(ofRoute match: String) -> ShadowStatus? {
        guard let trial = trials.first(where: { $0.match == match }), let model = processor.models.first(where: { $0.name == trial.model }) else { return nil }
        return ShadowStatus(
            model: trial.model, share: Double(trial.shards) / 1024, streams: model.streams, updates: model.updates, timesteps: model.timesteps,
            compared: trial.compared, agreed: trial.agreed, seconds: Double(time) / 1e9)
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
    /// Time that all candidates together took since they were taken on.
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
        install(routes)
        return shadow.model
    }
}
