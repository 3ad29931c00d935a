import SkipRNN

// Checkpoints: between blocks, slice by slice, each stream consistent in itself. What the slices hold is written by
// another thread; a stream that changes after its slice was taken is part of the next checkpoint.
//
// A stored record is known by its slot: a slot that is free deletes the record, a slot under another name overwrites it.

extension StreamProcessor {
    /// Begins to note which streams change, in a processor that has none yet. Without it nothing is noted, and there are no checkpoints.
    public mutating func noteChanges() {
        precondition(table.count == 0, "changes must be noted from the first stream on")
        notesChanges = true
    }

    /// Slots that have changed since they were last taken.
    public var changedCount: Int { changed.count }
    /// A Boolean value indicating whether a checkpoint would have anything to take.
    public var hasChanges: Bool { !changed.isEmpty }

    /// Begins a checkpoint of all that has changed.
    public mutating func beginCheckpoint() {
        precondition(taken == nil, "a checkpoint must end before the next begins")
        taken = changed
        changed = ChangedSlots()
        checkpointCursor = 0
    }

    /// Takes the next changed slots.
    /// - Parameter limit: how many; 2,000 take about half a millisecond.
    /// - Returns: false once the checkpoint has everything.
    public mutating func takeChanges(limit: Int, into slice: inout CheckpointSlice) -> Bool {
        guard let taken else { preconditionFailure("a checkpoint must have begun") }
        for _ in 0..<limit {
            guard let slot = taken.next(from: checkpointCursor) else { return false }
            checkpointCursor = slot + 1
            let start = slice.bytes.count
            if slot < table.capacity, table[slot].pointee.nameLength > 0 {
                table[slot].pointee.flags.insert(.isUnchanged)
                appendRecord(of: slot, under: slot, to: &slice.bytes)
            }
            slice.endRecord(of: slot, begunAt: start)
        }
        return taken.next(from: checkpointCursor) != nil
    }

    /// Appends a stream's record.
    /// - Parameter number: the slot that its checksum binds it to.
    func appendRecord(of slot: UInt32, under number: UInt32, to bytes: inout [UInt8]) {
        let stream = table[slot]
        let group = routes[stream.pointee.route].pointee.group
        let state = stream.pointee.updates == 0 ? UnsafeBufferPointer<Float>(start: nil, count: 0)
            : UnsafeBufferPointer(start: group.rows[stream.pointee.row], count: group.rows.width)
        let heard = UInt32(clamping: arrivalSecond - Int64(now - stream.pointee.heard))
        StreamRecord.append(stream, slot: number, heard: heard, identity: group.identity, kernels: group.kernelName, state: state, stretch: stretches[slot], to: &bytes)
    }

    /// Ends a checkpoint.
    /// - Parameter isStored: whether everything taken is stored; where not it is part of the next one.
    public mutating func endCheckpoint(isStored: Bool) {
        if !isStored, let taken { changed.formUnion(taken) }
        taken = nil
    }

    /// Has the next checkpoint take every stream: the store is a new one.
    public mutating func noteEverythingChanged() {
        for slot in 0..<table.capacity { changed.insert(slot) }
    }

    /// Takes a stream back from its stored record. Records come in ascending order of their slots, before the first block.
    /// - Parameters:
    ///   - record: what a `CheckpointSlice` had for the slot, or anything else: it is checked.
    ///   - time: now, in nanoseconds since the Unix epoch.
    public mutating func restore(_ record: UnsafeRawBufferPointer, slot: UInt32, at time: Int64) -> RestoreOutcome {
        arrival = time
        do throws(StreamRecordError) {
            return restore(try StreamRecord(record, slot: slot), slot)
        } catch {
            changed.insert(slot)
            return .damaged(error.reason)
        }
    }

    private mutating func restore(_ record: StreamRecord, _ slot: UInt32) -> RestoreOutcome {
        // Whatever becomes of it is stored anew, but for a stream that continues unchanged.
        changed.insert(slot)
        guard slot >= table.capacity else { return .damaged("its slot is not in order") }
        guard let route = routes.match(record.name) else { return .refused("no route matches its name") }
        // Of two streams of one name the later slot has the later one: it was taken into use after a slice had passed the other.
        if let earlier = table.find(record.name) {
            changed.insert(earlier)
            forget(earlier)
        }
        guard table.count < limits.maximumStreams else { return .refused("there are max_streams streams already") }
        table.insert(record.name, at: slot)
        switch adopt(record, slot, route) {
        case .anew: return .begunAnew
        case .onOtherKernels: return .continuedOnOtherKernels
        case .whole:
            changed.remove(slot)
            table[slot].pointee.flags.insert(.isUnchanged)
            return .continued
        }
    }

    /// How much of a record a stream goes on with.
    enum Adoption { case whole, onOtherKernels, anew }

    /// Fills a slot that has just been taken into use from a record.
    mutating func adopt(_ record: StreamRecord, _ slot: UInt32, _ route: UInt16) -> Adoption {
        routes.countStream(route, 1)
        let (stream, group) = (table[slot], routes[route].pointee.group)
        let stored = record.slot
        stream.pointee.route = route
        stream.pointee.boot = stored.boot
        stream.pointee.heard = now - UInt32(clamping: min(arrivalSecond - Int64(stored.heard), Int64(now)))
        stream.pointee.results = stored.results
        stream.pointee.omitted = stored.omitted
        stream.pointee.lost = stored.lost
        stream.pointee.next = stored.next
        restart(slot, at: stored.next)
        stream.pointee.flags.insert(.isRestored)
        // A setting, not a part of the state: it stays whatever becomes of that.
        stretches[slot] = record.stretch
        guard fits(record, route) else {
            stream.pointee.flags.insert(.isBegunAnew)
            return .anew
        }
        stream.pointee.sequenceStart = stored.sequenceStart
        stream.pointee.due = stored.due
        stream.pointee.updates = stored.updates
        stream.pointee.increment = stored.increment
        stream.pointee.lastRead = stored.lastRead
        stream.pointee.lastReadTime = stored.lastReadTime
        let labels = group.model.architecture.outputSize
        if stored.publishedLabel < labels { stream.pointee.publishedLabel = stored.publishedLabel }
        if stored.candidateLabel < labels { stream.pointee.candidateLabel = stored.candidateLabel }
        stream.pointee.streak = stored.streak
        if stored.updates > 0 {
            stream.pointee.row = group.rows.allocate()
            let row = group.rows[stream.pointee.row]
            // Behind the state may be distances between updates, under another bound or none: none is then assumed, which puts the next update off for
            // as long as could be needed.
            let width = group.rows.width
            let taken = record.state.count == 4 * width ? width : group.model.architecture.stateSize
            UnsafeMutableRawPointer(row).copyMemory(from: record.state.baseAddress!, byteCount: 4 * taken)
            (row + taken).update(repeating: 0, count: width - taken)
        }
        return record.kernels == group.kernelName ? .whole : .onOtherKernels
    }

    /// A Boolean value indicating whether a stream can go on from a record under a route.
    func fits(_ record: StreamRecord, _ route: UInt16) -> Bool {
        let group = routes[route].pointee.group
        return record.identity == group.identity && (record.slot.updates == 0 || record.state.count >= 4 * group.model.architecture.stateSize)
            && record.slot.next - record.slot.sequenceStart < routes[route].pointee.sequence
    }

    /// The last block's second since the Unix epoch.
    var arrivalSecond: Int64 { arrival / 1_000_000_000 }

    /// Notes that a stream is no longer as it was last stored.
    @inline(__always)
    mutating func noteChange(_ slot: UInt32) {
        guard notesChanges else { return }
        table[slot].pointee.flags.remove(.isUnchanged)
        changed.insert(slot)
    }

    /// Tells what is to be told of a stream when it is first heard of since it was taken back: that it begins anew, and its hint again.
    @inline(never)
    mutating func acknowledgeRestored(_ index: Int) {
        let slot = parts[index].slot
        let stream = table[slot]
        if stream.pointee.flags.contains(.isBegunAnew) { publish(.reset("its model or sequence changed while skipd was down"), slot) }
        stream.pointee.flags.subtract([.isRestored, .isBegunAnew])
        table.setOrigin(slot, StreamOrigins.bucket(originHash(parts[index].origin, parts[index].envelope)))
        let header = parts[index].header
        // A stream that waits for an update gives its hint after it.
        if !stream.pointee.flags.contains(.isPending), routes[stream.pointee.route].pointee.route.hints, header.firstTimestep != nil, header.boot != 0 { publishHint(slot) }
    }
}

/// What became of a stored stream.
public enum RestoreOutcome {
    /// It goes on, bit for bit.
    case continued
    /// It goes on from its state, which another kernel variant computed: equal within rounding from here on.
    case continuedOnOtherKernels
    /// Its state belongs to other weights or to a longer sequence: it goes on at its next timestep, in the initial state.
    case begunAnew
    /// It is not taken back: the record is not one that was written.
    case damaged(StaticString)
    /// It is not taken back: there is no route or no room for it.
    case refused(StaticString)
}
