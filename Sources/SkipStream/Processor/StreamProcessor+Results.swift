import SkipRNN

// What is published, and when.

extension StreamProcessor {
    /// Publishes what is due at the timestep just passed, and ends the sequence where it was the last.
    mutating func reach(_ index: Int, isUpdate: Bool) {
        let part = parts + index
        let slot = part.pointee.slot
        let stream = table[slot]
        // Past its end a sequence can only be where a reload has just shortened it.
        let isFinal = stream.pointee.next >= sequenceEnd(stream) || (part.pointee.header.flags.contains(.end) && stream.pointee.next == part.pointee.end)
        if stream.pointee.updates > 0 {
            var best: ModelGroup.Best?
            if publishesNow(stream, isUpdate: isUpdate, &best) || isFinal { publishResult(slot, timestep: stream.pointee.next - 1, isFinal: isFinal, best) }
        }
        if isFinal { restart(slot, at: stream.pointee.next) }
    }

    /// A Boolean value indicating whether the route's rule asks for a result; `best` is set where that had to be computed.
    private func publishesNow(_ stream: UnsafeMutablePointer<StreamSlot>, isUpdate: Bool, _ best: inout ModelGroup.Best?) -> Bool {
        let route = routes[stream.pointee.route]
        switch route.pointee.emit {
        case .update: return isUpdate
        case .end: return false
        case .every:
            let every = route.pointee.emitEvery
            return every > 0 && (stream.pointee.next - stream.pointee.sequenceStart) % every == 0
        case .change(let minimumProbability, let hold):
            guard isUpdate else { return false }
            let now = route.pointee.group.classify(stream.pointee.row)
            best = now
            guard now.label != Int(stream.pointee.publishedLabel), now.probability >= minimumProbability else {
                stream.pointee.streak = 0
                return false
            }
            stream.pointee.streak = now.label == Int(stream.pointee.candidateLabel) ? stream.pointee.streak &+ 1 : 1
            stream.pointee.candidateLabel = Int32(truncatingIfNeeded: now.label)
            return Int(stream.pointee.streak) >= hold
        }
    }

    /// Counts a result; encodes and publishes it if anybody wants it.
    mutating func publishResult(_ slot: UInt32, timestep: UInt64, isFinal: Bool, _ known: ModelGroup.Best? = nil) {
        let stream = table[slot]
        let route = routes[stream.pointee.route]
        stream.pointee.results += 1
        counters.results &+= 1
        if isFinal, finals != nil { noteFinal(slot, timestep) }
        if isFinal { route.pointee.group.timesteps &+= timestep &- stream.pointee.lastRead }
        var best = known
        if case .change = route.pointee.emit {
            let now = best ?? route.pointee.group.classify(stream.pointee.row)
            best = now
            stream.pointee.publishedLabel = Int32(truncatingIfNeeded: now.label)
            stream.pointee.streak = 0
        }
        guard begin("result/", slot) else { return }
        let result = StreamResult(
            number: stream.pointee.results, timestep: timestep, time: stream.pointee.lastReadTime, updates: stream.pointee.updates,
            timesteps: timestep + 1 - stream.pointee.sequenceStart, isFinal: isFinal)
        let now = best ?? route.pointee.group.classify(stream.pointee.row)
        StreamSlot.withName(stream) { outgoing.write(result, stream: $0, route: route, best: now) }
        send()
    }

    /// Tells the device up to which timestep nothing will be read.
    mutating func publishHint(_ slot: UInt32) {
        let stream = table[slot]
        guard begin("hint/", slot) else { return }
        var next = min(stream.pointee.due, sequenceEnd(stream), SampleHeader.maximumTimestep)
        if let every = routes[stream.pointee.route].pointee.route.hintEvery, every > 0 { next = next / every * every }
        StreamSlot.withName(stream) { outgoing.writeHint(stream: $0, boot: stream.pointee.boot, nextTimestep: next) }
        send()
    }

    /// Publishes an event, at most one of a kind a second for each stream.
    mutating func publish(_ event: StreamEvent, _ slot: UInt32) {
        let stream = table[slot]
        guard stream.pointee.flags.isDisjoint(with: event.flag), begin("event/", slot) else { return }
        stream.pointee.flags.formUnion(event.flag)
        StreamSlot.withName(stream) { outgoing.write(event, stream: $0) }
        send()
    }

    /// Publishes that a route's budget has begun to stretch, or no longer does.
    mutating func publish(_ change: BudgetController.Change, ofRoute place: UInt16) {
        let route = routes[place]
        guard let controller = route.pointee.controller else { return }
        var text = route.pointee.route.match.text
        text.withUTF8 { outgoing.begin("event/", UnsafeRawBufferPointer($0)) }
        guard outgoing.topic.withUnsafeBytes({ sink.wants(topic: $0) }) else { return }
        outgoing.write(change, route: route.pointee.route.match.text, stretch: route.pointee.gateOptions.stretch, load: Float(controller.load), limit: Float(controller.limit))
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
