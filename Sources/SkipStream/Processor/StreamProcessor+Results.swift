import SkipRNN

// What is published, and when.

extension StreamProcessor {
    /// Publishes what is due at the timestep just passed, and ends the sequence where it was the last.
    mutating func reach(_ index: Int, isUpdate: Bool) {
        let part = parts + index
        let slot = part.pointee.slot
        let stream = table[slot]
        let isFinal = stream.pointee.next == sequenceEnd(stream) || (part.pointee.header.flags.contains(.end) && stream.pointee.next == part.pointee.end)
        if stream.pointee.updates > 0, publishesNow(slot, isUpdate: isUpdate) || isFinal {
            publishResult(slot, timestep: stream.pointee.next - 1, isFinal: isFinal)
        }
        if isFinal { restart(stream, at: stream.pointee.next) }
    }

    private mutating func publishesNow(_ slot: UInt32, isUpdate: Bool) -> Bool {
        let stream = table[slot]
        switch routes[stream.pointee.route].route.emit {
        case .update: return isUpdate
        case .end: return false
        case .every(let timesteps): return (stream.pointee.next - stream.pointee.sequenceStart) % timesteps == 0
        case .change(let minimumProbability, let hold):
            guard isUpdate else { return false }
            let best = routes[stream.pointee.route].group.classify(stream.pointee.row)
            guard best.label != Int(stream.pointee.publishedLabel), best.probability >= minimumProbability else {
                stream.pointee.streak = 0
                return false
            }
            stream.pointee.streak = best.label == Int(stream.pointee.candidateLabel) ? stream.pointee.streak + 1 : 1
            stream.pointee.candidateLabel = Int16(best.label)
            return stream.pointee.streak >= UInt32(hold)
        }
    }

    /// Counts a result; encodes and publishes it if anybody wants it.
    mutating func publishResult(_ slot: UInt32, timestep: UInt64, isFinal: Bool) {
        let stream = table[slot]
        let route = stream.pointee.route
        stream.pointee.results += 1
        counters.results &+= 1
        var best: (label: Int, probability: Float)?
        if case .change = routes[route].route.emit {
            best = routes[route].group.classify(stream.pointee.row)
            stream.pointee.publishedLabel = Int16(best?.label ?? -1)
            stream.pointee.streak = 0
        }
        guard begin("result/", slot) else { return }
        let result = StreamResult(
            number: stream.pointee.results, timestep: timestep, time: stream.pointee.lastReadTime, updates: stream.pointee.updates,
            timesteps: timestep + 1 - stream.pointee.sequenceStart, isFinal: isFinal)
        let known = best ?? routes[route].group.classify(stream.pointee.row)
        StreamSlot.withName(stream) { outgoing.write(result, stream: $0, route: routes[route], best: known) }
        send()
    }

    /// Tells the device up to which timestep nothing will be read.
    mutating func publishHint(_ slot: UInt32) {
        let stream = table[slot]
        guard begin("hint/", slot) else { return }
        var next = min(stream.pointee.due, sequenceEnd(stream), SampleHeader.maximumTimestep)
        if let every = routes[stream.pointee.route].route.hintEvery { next = max(next / every * every, stream.pointee.next) }
        StreamSlot.withName(stream) { outgoing.writeHint(stream: $0, boot: stream.pointee.boot, nextTimestep: next) }
        send()
    }

    /// Publishes an event, at most one of a kind a second for each stream.
    mutating func publish(_ event: StreamEvent, _ slot: UInt32) {
        guard begin("event/", slot), recentEvents.insert(UInt64(slot) << 2 | event.kind).inserted else { return }
        StreamSlot.withName(table[slot]) { outgoing.write(event, stream: $0) }
        send()
    }

    /// Begins a message about a stream; false where nobody wants it.
    private mutating func begin(_ prefix: StaticString, _ slot: UInt32) -> Bool {
        StreamSlot.withName(table[slot]) { outgoing.begin(prefix, $0) }
        return outgoing.topic.withUnsafeBytes { sink.wants(topic: $0) }
    }

    private func send() {
        outgoing.topic.withUnsafeBytes { topic in
            outgoing.body.withUnsafeBytes { sink.publish(topic: topic, body: $0) }
        }
    }
}
