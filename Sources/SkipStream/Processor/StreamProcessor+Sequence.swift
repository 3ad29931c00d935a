import SkipRNN

// What a message means for its stream's timesteps: new sequences, gaps, stale timesteps, and the way to the next update.

extension StreamProcessor {
    /// Places a message against its stream's next timestep, then passes its timesteps.
    @inline(never)
    mutating func place(_ index: Int) {
        let part = parts + index
        let (slot, header) = (part.pointee.slot, part.pointee.header)
        let stream = table[slot]
        if stream.pointee.flags.contains(.isPending) { updatePending() }
        if stream.pointee.flags.contains(.isUnchanged) { noteChange(slot) }
        let first = header.firstTimestep ?? stream.pointee.next
        part.pointee.first = first
        part.pointee.end = first + UInt64(header.count)
        guard part.pointee.end <= SampleHeader.maximumTimestep else {
            // Only a headerless stream can come here, after 2⁵³ timesteps.
            counters.stale += UInt64(header.count)
            return
        }

        let hasOtherBoot = header.boot != 0 && header.boot != stream.pointee.boot
        if hasOtherBoot || (header.boot == 0 && header.firstTimestep == 0 && stream.pointee.next > 0) {
            if hasOtherBoot { stream.pointee.boot = header.boot }
            stream.pointee.next = first
            restart(slot, at: first)
            publish(.reset(hasOtherBoot ? "the device restarted" : "the device began again at 0"), slot)
        } else if first < stream.pointee.next {
            guard part.pointee.end > stream.pointee.next else {
                counters.stale += UInt64(header.count)
                return
            }
            counters.stale += stream.pointee.next - first
        } else {
            if first > stream.pointee.next { passGap(slot, to: first) }
            if header.flags.contains(.start) { restart(slot, at: first) }
        }
        if header.count == 0, header.flags.contains(.end) { reach(index, isUpdate: false) }
        advance(index)
        if stream.pointee.flags.contains(.isRestored) { acknowledgeRestored(index) }
    }

    /// Begins a sequence: the state is the model's initial one, and the first timestep received will be read.
    mutating func restart(_ slot: UInt32, at timestep: UInt64) {
        let stream = table[slot]
        note(.start, slot, at: timestep)
        if routes.hasBudget, stream.pointee.updates > 0 { noteCutSkip(stream) }
        stream.pointee.sequenceStart = timestep
        stream.pointee.due = timestep
        stream.pointee.event = timestep
        stream.pointee.updates = 0
        stream.pointee.increment = 1
        stream.pointee.candidateLabel = StreamSlot.noLabel
        stream.pointee.streak = 0
    }

    /// Passes a message's timesteps up to the next update, at which its stream then waits, or to the message's end.
    mutating func advance(_ index: Int) {
        let part = parts + index
        let stream = table[part.pointee.slot]
        while stream.pointee.next < part.pointee.end {
            if stream.pointee.due <= stream.pointee.next {
                if !routes[stream.pointee.route].pointee.isCurrent { takeNewModel(stream) }
                stream.pointee.flags.insert(.isPending)
                pending[pendingCount] = index
                pendingCount += 1
                return
            }
            let stop = min(part.pointee.end, stream.pointee.due, sequenceEnd(stream), nextRegularResult(stream))
            counters.skipped += stop - stream.pointee.next
            stream.pointee.next = stop
            reach(index, isUpdate: false)
        }
        noteNextEvent(stream)
    }

    /// The timestep behind the sequence's last one; beyond every index for an endless sequence.
    func sequenceEnd(_ stream: UnsafeMutablePointer<StreamSlot>) -> UInt64 {
        stream.pointee.sequenceStart + routes[stream.pointee.route].pointee.sequence
    }

    /// The timestep behind the one at which `emit = N` publishes next; beyond every index under another rule.
    private func nextRegularResult(_ stream: UnsafeMutablePointer<StreamSlot>) -> UInt64 {
        let every = routes[stream.pointee.route].pointee.emitEvery
        guard every > 0 else { return .max }
        let (start, next) = (stream.pointee.sequenceStart, stream.pointee.next)
        return start + ((next - start) / every + 1) * every
    }

    /// Notes up to where timesteps need nothing but counting.
    private func noteNextEvent(_ stream: UnsafeMutablePointer<StreamSlot>) {
        stream.pointee.event = min(stream.pointee.due, sequenceEnd(stream) - 1, nextRegularResult(stream) - 1, SampleHeader.maximumTimestep)
    }

    /// Passes timesteps that never came, up to `timestep`, as if they had been skipped: by arithmetic, however many.
    private mutating func passGap(_ slot: UInt32, to timestep: UInt64) {
        let stream = table[slot]
        let end = sequenceEnd(stream)
        let stop = min(timestep, end)
        let next = stream.pointee.next
        // From the timestep at which an update was due on they are lost, before it they would not have been read.
        let firstLost = min(max(stream.pointee.due, next), stop)
        stream.pointee.omitted = UInt32(clamping: UInt64(stream.pointee.omitted) + firstLost - next)
        let lost = timestep - firstLost
        counters.miss(omitted: firstLost - next, lost: lost)
        if firstLost > next { note(.omitted, slot, at: next, until: firstLost) }
        publishLastRegularResult(slot, upTo: stop, end: end)
        stream.pointee.next = stop
        if stop == end {
            if stream.pointee.updates > 0 { publishResult(slot, timestep: end - 1, isFinal: true) }
            restart(slot, at: end)
            // Whole sequences may have passed unheard; the one that is open now began a multiple of their length later.
            let length = routes[stream.pointee.route].pointee.sequence
            if timestep - end >= length { restart(slot, at: end + (timestep - end) / length * length) }
            stream.pointee.next = timestep
        }
        guard lost > 0 else { return }
        note(.lost, slot, at: firstLost, until: timestep)
        stream.pointee.lost = UInt32(clamping: UInt64(stream.pointee.lost) + lost)
        publish(.lost(from: firstLost, to: timestep), slot)
        if routes[stream.pointee.route].pointee.route.gap == .reset {
            restart(slot, at: timestep)
            publish(.reset("timesteps were lost"), slot)
        }
    }

    /// Under `emit = N`, publishes the last result that a gap passed over, if it is not the sequence's final one.
    private mutating func publishLastRegularResult(_ slot: UInt32, upTo stop: UInt64, end: UInt64) {
        let stream = table[slot]
        let every = routes[stream.pointee.route].pointee.emitEvery
        guard every > 0, stream.pointee.updates > 0 else { return }
        var last = stream.pointee.sequenceStart + (stop - stream.pointee.sequenceStart) / every * every
        if last == end { last -= every }
        if last > stream.pointee.next { publishResult(slot, timestep: last - 1, isFinal: false) }
    }
}
