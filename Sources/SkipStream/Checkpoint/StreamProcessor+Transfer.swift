import SkipRNN

/// A stream on its way to another daemon: the record that a store would keep, bound to no slot.
public struct ExportedStream: Sendable, Equatable {
    public var name: String
    public var record: [UInt8]
}

/// What became of a stream that another daemon has exported.
public enum ImportOutcome: Sendable, Equatable {
    /// It goes on here, bit for bit.
    case taken
    /// It goes on from its state, which another kernel variant computed: equal within rounding from here on.
    case takenOnOtherKernels
    /// Nothing was changed.
    case refused(String)
}

// Streams between daemons: the same records as in the store. Nothing is taken in part: where the state can't go on, the stream is refused.

extension StreamProcessor {
    /// The number in place of a slot that exported records are bound to.
    static var noSlot: UInt32 { .max }

    /// Looks at up to `limit` slots from `cursor` on and exports the streams whose name begins with `prefix`. They stay where they are.
    /// - Returns: the streams, and the cursor to go on from; nil past the last.
    public func export(prefix: [UInt8], from cursor: UInt32, limit: Int) -> (streams: [ExportedStream], cursor: UInt32?) {
        var streams: [ExportedStream] = []
        let next = walk(from: cursor, limit: limit) { slot in
            let name = StreamSlot.withName(table[slot]) { [UInt8]($0) }
            guard name.starts(with: prefix) else { return }
            var record: [UInt8] = []
            appendRecord(of: slot, under: Self.noSlot, to: &record)
            streams.append(ExportedStream(name: String(decoding: name, as: UTF8.self), record: record))
        }
        return (streams, next)
    }

    /// Takes over a stream that another daemon has exported.
    /// - Parameters:
    ///   - record: from anywhere: it is checked.
    ///   - time: now, in nanoseconds since the Unix epoch.
    public mutating func importStream(_ record: UnsafeRawBufferPointer, at time: Int64) -> (name: String?, outcome: ImportOutcome) {
        let stream: StreamRecord
        do throws(StreamRecordError) {
            stream = try StreamRecord(record, slot: Self.noSlot)
        } catch {
            return (nil, .refused("its record can't be used: \(error)"))
        }
        return (String(decoding: stream.name, as: UTF8.self), take(stream, at: time))
    }

    private mutating func take(_ record: StreamRecord, at time: Int64) -> ImportOutcome {
        guard table.find(record.name) == nil else { return .refused("there is a stream of that name here already") }
        guard let route = routes.match(record.name) else { return .refused("no route matches its name") }
        guard table.count < limits.maximumStreams else { return .refused("there are max_streams streams already") }
        let group = routes[route].pointee.group
        guard record.identity == group.identity else {
            return .refused("its state was made by the model \(hexadecimal(record.identity)), its route's model \(routes[route].pointee.route.model) is \(group.model.identity)")
        }
        guard fits(record, route) else { return .refused("its sequence is longer already than its route's") }
        arrival = max(arrival, time)
        let slot = table.insert(record.name, table.prefetchIndex(record.name))
        noteChange(slot)
        noteOrigin(IncomingMessage.anyone, slot)
        return adopt(record, slot, route) == .whole ? .taken : .takenOnOtherKernels
    }
}

private func hexadecimal(_ identity: UInt64) -> String {
    let digits = String(identity, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
