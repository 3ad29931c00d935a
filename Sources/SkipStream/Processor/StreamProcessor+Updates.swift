import SkipRNN

// Updates: streams of one model that wait in the block are computed together, then go on in their messages.

extension StreamProcessor {
    /// Works off all waiting streams.
    @inline(never)
    mutating func updatePending() {
        while pendingCount > 0 { updateBatch() }
    }

    /// Updates the first waiting stream and as many others of its model as fit a batch.
    private mutating func updateBatch() {
        let group = routes[table[parts[pending[0]].slot].pointee.route].pointee.group
        var chosen = InlineBatch()
        var kept = 0
        for place in 0..<pendingCount {
            let index = pending[place]
            let stream = table[parts[index].slot]
            if chosen.count < ModelGroup.batch, routes[stream.pointee.route].pointee.group === group {
                chosen.append(index)
            } else {
                pending[kept] = index
                kept += 1
            }
        }
        pendingCount = kept

        var streams = 0
        var updated = InlineBatch()
        for position in 0..<chosen.count {
            let index = chosen[position]
            let stream = table[parts[index].slot]
            stream.pointee.flags.remove(.isPending)
            decode(index, into: group.workspace.input(streams))
            guard group.model.normalize(group.workspace.input(streams)) else {
                reject(index)
                continue
            }
            if !routes[stream.pointee.route].pointee.isCurrent, let route = StreamSlot.withName(stream, { routes.match($0) }), routes[route].pointee.group === group {
                // Changed options take effect here, at the stream's next update.
                move(stream, to: route)
            }
            group.states[streams] = state(stream, group)
            updated.append(index)
            streams += 1
        }
        guard streams > 0 else { return }
        let begun = routes.hasTimeBudget ? workClock() : 0
        group.model.update(group.states, streams: streams, increments: group.increments, group.workspace)
        group.updates &+= UInt64(streams)
        counters.batches &+= 1
        batchSizes[streams] &+= 1
        for position in 0..<streams { finishUpdate(updated[position], increment: group.increments[position]) }
        if routes.hasTimeBudget {
            let seconds = Double(workClock() - begun) / 1e9 / Double(streams)
            for position in 0..<streams { spendTime(seconds, table[parts[updated[position]].slot].pointee.route) }
        }
    }

    /// The stream's state, the initial one where the sequence has had no update yet.
    private func state(_ stream: UnsafeMutablePointer<StreamSlot>, _ group: ModelGroup) -> UnsafeMutablePointer<Float> {
        if stream.pointee.row == StreamSlot.noRow { stream.pointee.row = group.rows.allocate() }
        let state = group.rows[stream.pointee.row]
        if stream.pointee.updates == 0 {
            state.update(from: group.model.initialState, count: group.model.initialState.count)
            if let gaps = group.gaps { (state + group.model.initialState.count).update(repeating: 0, count: gaps) }
        }
        return state
    }

    /// Reads the stream's next timestep from its message.
    private func decode(_ index: Int, into timestep: UnsafeMutablePointer<Float>) {
        let part = parts + index
        let stream = table[part.pointee.slot]
        let features = routes[stream.pointee.route].pointee.features
        let offset = Int(stream.pointee.next - part.pointee.first) * features
        if let start = part.pointee.numbersStart {
            numbers.withUnsafeBufferPointer { numbers in
                for i in 0..<features { timestep[i] = numbers[start + offset + i] }
            }
        } else if let start = part.pointee.payload.baseAddress {
            let type = part.pointee.header.type
            type.decode(start + offset * type.size, count: features, into: timestep)
        }
    }

    /// Passes a timestep that can't be read: the state stays, the update stays due.
    private mutating func reject(_ index: Int) {
        let slot = parts[index].slot
        counters.rejected += 1
        note(.rejected, slot, at: table[slot].pointee.next)
        publish(.rejected(table[slot].pointee.next, "a value is not finite or too large"), slot)
        table[slot].pointee.next += 1
        reach(index, isUpdate: false)
        advance(index)
    }

    private mutating func finishUpdate(_ index: Int, increment: Float) {
        let part = parts + index
        let stream = table[part.pointee.slot]
        let route = stream.pointee.route
        let timestep = stream.pointee.next
        counters.updated &+= 1
        let group = routes[route].pointee.group
        group.timesteps &+= stream.pointee.updates > 0 ? timestep &- stream.pointee.lastRead : timestep &- stream.pointee.sequenceStart &+ 1
        routes[route].pointee.updates &+= 1
        let options = stretches.isEmpty ? routes[route].pointee.gateOptions : gateOptions(part.pointee.slot)
        stream.pointee.increment = options.stretched(increment)
        let gate = GateState(updateProbabilityIncrement: stream.pointee.increment, cumulativeUpdateProbability: 0)
        let (wait, isForced) = options.countdown(gate)
        if isForced { counters.forced &+= 1 }
        let due = stream.pointee.due
        stream.pointee.due = wait.map { timestep + $0 } ?? StreamSlot.never
        stream.pointee.updates += 1
        if routes[route].pointee.isWatchful { watchUpdate(stream, due: due) }
        stream.pointee.lastRead = timestep
        stream.pointee.lastReadTime = time(of: timestep, part, route)
        stream.pointee.next = timestep + 1
        if stream.pointee.flags.contains(.isWatched) { noteRead(part.pointee.slot, at: timestep) }
        reach(index, isUpdate: true)
        // Where the sequence has ended, the stream may have left the route.
        if routes[stream.pointee.route].pointee.route.hints, part.pointee.header.firstTimestep != nil, part.pointee.header.boot != 0 { publishHint(part.pointee.slot) }
        advance(index)
    }

    /// A timestep's time: the device's, moved on by the model's sample rate within a message; else the message's arrival.
    private func time(of timestep: UInt64, _ part: UnsafeMutablePointer<MessageParts>, _ route: UInt16) -> Int64 {
        guard let start = part.pointee.header.timestamp else { return arrivals?[part - parts] ?? arrival }
        guard timestep > part.pointee.first, let rate = routes[route].pointee.group.model.metadata.sampleRate else { return start }
        // A rate may be as small as a file likes, a time as large: the latest time there is holds.
        let offset = (Double(timestep - part.pointee.first) * 1e9 / rate).rounded()
        let (time, overflow) = start.addingReportingOverflow(Int64(exactly: offset) ?? .max)
        return overflow ? .max : time
    }
}

/// Up to a batch of message indices, without allocation.
private struct InlineBatch {
    private var values: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
    private(set) var count = 0

    mutating func append(_ value: Int) {
        withUnsafeMutableBytes(of: &values) { $0.storeBytes(of: value, toByteOffset: count * MemoryLayout<Int>.stride, as: Int.self) }
        count += 1
    }

    subscript(index: Int) -> Int { withUnsafeBytes(of: values) { $0.load(fromByteOffset: index * MemoryLayout<Int>.stride, as: Int.self) } }
}
