// A processor of some shards only: their streams come from elsewhere and go elsewhere.

extension StreamProcessor {
    /// Works off a block of messages that have come at different times.
    /// - Parameters:
    ///   - block: at most `blockSize` messages.
    ///   - arrivals: when each came, in nanoseconds since the Unix epoch.
    ///   - clock: now, as in `process(_:arrival:clock:)`.
    package mutating func process(_ block: UnsafeBufferPointer<IncomingMessage>, arrivals: UnsafeBufferPointer<Int64>, clock: Int64) {
        precondition(block.count == arrivals.count, "each message has its time")
        guard let last = arrivals.last else { return }
        self.arrivals = arrivals
        process(block, arrival: last, clock: clock)
        self.arrivals = nil
    }

    /// Takes the next changed streams of a checkpoint, each bound to no slot.
    /// - Parameter limit: how many slots are looked at.
    /// - Returns: the streams; whether there are more.
    package mutating func takeChangedStreams(limit: Int) -> (streams: [ExportedStream], isMore: Bool) {
        guard let taken else { preconditionFailure("a checkpoint must have begun") }
        var streams: [ExportedStream] = []
        for _ in 0..<limit {
            guard let slot = taken.next(from: checkpointCursor) else { return (streams, false) }
            checkpointCursor = slot + 1
            guard slot < table.capacity, table[slot].pointee.nameLength > 0 else { continue }
            table[slot].pointee.flags.insert(.isUnchanged)
            var record: [UInt8] = []
            appendRecord(of: slot, under: Self.noSlot, to: &record)
            streams.append(ExportedStream(name: StreamSlot.withName(table[slot]) { String(decoding: $0, as: UTF8.self) }, record: record))
        }
        return (streams, taken.next(from: checkpointCursor) != nil)
    }

    /// Drops the streams of some shards without a word: another process goes on with them.
    package mutating func forgetStreams(ofShards isLeaving: (Int) -> Bool) {
        for slot in 0..<table.capacity where table[slot].pointee.nameLength > 0 {
            if isLeaving(StreamSlot.withName(table[slot]) { shard(of: $0) }) { forget(slot) }
        }
    }
}
