import SkipRNN

/// A watched stream: how it stands, and its timeline since it was first watched.
public struct StreamObservation: Sendable {
    public var status: StreamStatus
    /// The labels that the marks' indices mean; empty for regression.
    public var labels: [String]
    public var marks: [TimelineMark]
}

// Watching streams for the dashboard. A stream that nobody watches costs one bit of its record, tested where a state is updated.

extension StreamProcessor {
    /// Streams that are watched at most, so that watching stays within 4 MiB.
    public static let watchedStreams = 256

    /// Watches exactly these streams from now on, as many as `watchedStreams`, and reports them.
    /// - Returns: for each name what is known of its stream; nil where there is none.
    public mutating func observe(_ names: [[UInt8]]) -> [StreamObservation?] {
        let slots = names.prefix(Self.watchedStreams).map { name in name.withUnsafeBytes { table.find($0) } }
        let watched = Set(slots.compactMap { $0 })
        for slot in timelines.keys where !watched.contains(slot) { unwatch(slot) }
        for slot in watched where timelines[slot] == nil { watch(slot) }
        return slots.map { slot in
            guard let slot, let timeline = timelines[slot] else { return nil }
            let labels = routes[table[slot].pointee.route].pointee.group.model.metadata.labels
            return StreamObservation(status: status(slot), labels: labels, marks: timeline.marks)
        }
    }

    /// Looks at up to `limit` slots from `cursor` on and reports the names that contain `text`, ASCII letters in either case.
    /// - Returns: the cursor to go on from; nil past the last.
    public func names(containing text: [UInt8], from cursor: UInt32, limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> UInt32? {
        let text = text.map { lowercased($0) }
        return walk(from: cursor, limit: limit) { slot in
            StreamSlot.withName(table[slot]) { if contains($0, text) { body($0) } }
        }
    }

    /// Begins a timeline, with the last timestep read as far as the record still knows it.
    private mutating func watch(_ slot: UInt32) {
        timelines[slot] = Timeline()
        table[slot].pointee.flags.insert(.isWatched)
        if table[slot].pointee.updates > 0 { noteRead(slot, at: table[slot].pointee.lastRead) }
    }

    /// Ends a timeline.
    mutating func unwatch(_ slot: UInt32) {
        timelines[slot] = nil
        table[slot].pointee.flags.remove(.isWatched)
    }

    /// Notes what happened to a stream, if it is watched.
    @inline(__always)
    mutating func note(_ kind: TimelineMark.Kind, _ slot: UInt32, at timestep: UInt64, until end: UInt64? = nil) {
        if table[slot].pointee.flags.contains(.isWatched) { timelines[slot]?.append(TimelineMark(kind, at: timestep, until: end)) }
    }

    /// Notes an update of a watched stream, whose record has the new increment already.
    @inline(never)
    mutating func noteRead(_ slot: UInt32, at timestep: UInt64) {
        let stream = table[slot]
        let group = routes[stream.pointee.route].pointee.group
        let best = group.classify(stream.pointee.row)
        var mark = TimelineMark(.read, at: timestep)
        mark.increment = stream.pointee.increment
        mark.label = group.model.architecture.task == .classification ? Int32(best.label) : -1
        mark.probability = best.probability
        timelines[slot]?.append(mark)
    }
}

/// A Boolean value indicating whether bytes contain others, given in lower case; everything contains nothing.
private func contains(_ name: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
    guard let first = text.first else { return true }
    guard name.count >= text.count else { return false }
    for start in 0...(name.count - text.count) where lowercased(name[start]) == first {
        if text.indices.allSatisfy({ lowercased(name[start + $0]) == text[$0] }) { return true }
    }
    return false
}

@inline(__always)
private func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}
