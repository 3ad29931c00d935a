public import SkipRNN

/// What is known of one stream.
public struct StreamStatus: Sendable, Equatable {
    public var name: String
    public var model: String
    /// The label its state makes most probable, and that probability; nil before the sequence's first update and for regression.
    public var label: String?
    public var probability: Float?
    /// The next timestep expected.
    public var next: UInt64
    /// The timestep from which on an update is due; nil for never.
    public var due: UInt64?
    public var boot: UInt32
    /// Timesteps and updates since the sequence began.
    public var timesteps: UInt64
    public var updates: UInt64
    /// Results published or counted.
    public var results: UInt64
    /// Timesteps that never came: unread anyway, and missed.
    public var omitted: UInt64
    public var lost: UInt32
    /// Δũ as accumulated, and ũ now.
    public var gate: GateState
    /// When the last timestep was read, in nanoseconds since the Unix epoch; nil before the first.
    public var lastReadTime: Int64?
    /// Seconds since the last message, as of the last block.
    public var idleSeconds: UInt32
    public var shard: Int
    /// κ that its next update takes, and whether it is the stream's own.
    public var stretch: Float = 1
    public var hasOwnStretch = false
}

/// One route's model, and what runs under it.
public struct ModelStatus: Sendable, Equatable {
    public var name: String
    public var identity: String
    /// F: the numbers of a timestep.
    public var features: Int
    public var streams: Int
    public var updates: UInt64
    /// Timesteps passed, read or not, as of each stream's last update or sequence end: updates / timesteps is the model's update rate.
    public var timesteps: UInt64
}

// What the operator asks for, between blocks. Walks over many streams are cut into pages, so that samples never wait for long.

extension StreamProcessor {
    /// Streams at present.
    public var streamCount: Int { table.count }

    /// The models in force, each once, in the routes' order.
    public var models: [ModelStatus] { routes.models }

    /// Looks at up to `limit` slots from `cursor` on and reports the streams whose name begins with `prefix`.
    /// - Returns: the cursor to go on from; nil past the last.
    public func streams(prefix: [UInt8], from cursor: UInt32, limit: Int, _ body: (StreamStatus) -> Void) -> UInt32? {
        walk(from: cursor, limit: limit) { slot in
            if hasPrefix(slot, prefix) { body(status(slot)) }
        }
    }

    /// What is known of a stream; nil where there is none of that name.
    public func stream(named name: [UInt8]) -> StreamStatus? {
        name.withUnsafeBytes { table.find($0) }.map { status($0) }
    }

    /// Returns a stream to its model's initial state. False where there is none of that name.
    public mutating func reset(stream name: [UInt8]) -> Bool {
        guard let slot = name.withUnsafeBytes({ table.find($0) }) else { return false }
        reset(slot)
        return true
    }

    /// Looks at up to `limit` slots from `cursor` on and resets the streams whose name begins with `prefix`.
    /// - Returns: how many, and the cursor to go on from; nil past the last.
    public mutating func reset(prefix: [UInt8], from cursor: UInt32, limit: Int) -> (count: Int, cursor: UInt32?) {
        var matching: [UInt32] = []
        let next = walk(from: cursor, limit: limit) { slot in
            if hasPrefix(slot, prefix) { matching.append(slot) }
        }
        for slot in matching { reset(slot) }
        return (matching.count, next)
    }

    private mutating func reset(_ slot: UInt32) {
        noteChange(slot)
        restart(slot, at: table[slot].pointee.next)
        table[slot].pointee.publishedLabel = StreamSlot.noLabel
        table[slot].pointee.flags.subtract(.told)
        publish(.reset("it was asked for"), slot)
    }

    func walk(from cursor: UInt32, limit: Int, _ body: (UInt32) -> Void) -> UInt32? {
        let end = cursor < table.capacity ? cursor + UInt32(min(Int(table.capacity - cursor), limit)) : table.capacity
        if cursor < end {
            for slot in cursor..<end where table[slot].pointee.nameLength > 0 { body(slot) }
        }
        return end < table.capacity ? end : nil
    }

    private func hasPrefix(_ slot: UInt32, _ prefix: [UInt8]) -> Bool {
        StreamSlot.withName(table[slot]) { $0.starts(with: prefix) }
    }

    func status(_ slot: UInt32) -> StreamStatus {
        let stream = table[slot].pointee
        let (route, group) = (routes[stream.route].pointee.route, routes[stream.route].pointee.group)
        var gate = GateState(updateProbabilityIncrement: stream.increment, cumulativeUpdateProbability: 0)
        if stream.updates > 0 { gate.skip(stream.next - stream.lastRead - 1) }
        var best: (label: Int, probability: Float)?
        if stream.updates > 0, group.model.architecture.task == .classification { best = group.classify(stream.row) }
        let name = StreamSlot.withName(table[slot]) { [UInt8]($0) }
        return StreamStatus(
            name: String(decoding: name, as: UTF8.self), model: route.model,
            label: best.map { group.model.metadata.labels[$0.label] }, probability: best?.probability,
            next: stream.next, due: stream.due == StreamSlot.never ? nil : stream.due, boot: stream.boot,
            timesteps: stream.next - stream.sequenceStart, updates: stream.updates, results: stream.results,
            omitted: UInt64(stream.omitted), lost: stream.lost, gate: gate,
            lastReadTime: stream.updates > 0 ? stream.lastReadTime : nil,
            idleSeconds: now - min(now, stream.heard), shard: shard(of: name), stretch: gateOptions(slot).stretch, hasOwnStretch: stretches[slot] != nil)
    }
}
