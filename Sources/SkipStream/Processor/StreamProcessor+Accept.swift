import SkipRNN

// From a message to its stream: the header is read, the payload's size checked, a new stream admitted, the message's
// timesteps placed against the stream's next one.

extension StreamProcessor {
    /// Takes message `index` of the block as far as it goes without an update.
    @inline(__always)
    mutating func accept(_ index: Int) {
        let part = parts + index
        guard let slot = table.find(part.pointee.name, part.pointee.hash, guess: part.pointee.guess) else { return admit(index) }
        if part.pointee.origin != IncomingMessage.anyone, !mayPublish(index, slot) { return }
        let stream = table[slot]
        let route = stream.pointee.route
        guard routes[route].pointee.isCurrent ? readHeader(part, route) : readHeaderSinceReload(part, slot) else { return }
        counters.messages &+= 1
        part.pointee.slot = slot
        hear(stream)
        let header = part.pointee.header
        let count = UInt64(header.count)
        // The common case: the next timesteps of a known stream, none of which is read.
        if header.flags.isEmpty, stream.pointee.next &+ count <= stream.pointee.event, stream.pointee.flags.isDisjoint(with: .needsCare),
           header.boot == 0 || header.boot == stream.pointee.boot, header.firstTimestep.map({ $0 == stream.pointee.next }) ?? true {
            stream.pointee.next &+= count
            counters.skipped &+= count
            return
        }
        place(index)
    }

    /// Reads a message's header and checks its payload against the model's F; counts and drops what doesn't fit.
    @inline(__always)
    mutating func readHeader(_ part: UnsafeMutablePointer<MessageParts>, _ route: UInt16) -> Bool {
        let features = routes[route].pointee.features
        if let bytes = part.pointee.headerBytes, bytes.first == SampleHeader.mark {
            guard let header = SampleHeader(binary: bytes) else { return refuse(part, .malformed, "its header is not of the wire protocol") }
            guard part.pointee.payload.count == header.count * features * header.type.size else {
                return refuse(part, .malformed, "its payload is not N timesteps of the model's features")
            }
            part.pointee.header = header
            return true
        }
        return readRareHeader(part, route, features)
    }

    @inline(never)
    private mutating func readRareHeader(_ part: UnsafeMutablePointer<MessageParts>, _ route: UInt16, _ features: Int) -> Bool {
        let payload = part.pointee.payload
        if let bytes = part.pointee.headerBytes {
            guard let json = SampleHeader.json(bytes) else { return refuse(part, .malformed, "its header is not of the wire protocol") }
            let (needed, overflow) = (json.header.count * json.features).multipliedReportingOverflow(by: json.header.type.size)
            guard !overflow, payload.count == needed else { return refuse(part, .malformed, "its payload has not the size of its header's shape and dtype") }
            guard json.features == features || json.header.count == 0 else { return refuse(part, .wrongFeatures, "its shape has another number of features than the model") }
            part.pointee.header = json.header
        } else if routes[route].pointee.route.encoding == .json {
            let start = numbers.count
            do throws(JSONPayload.Problem) {
                let json = try JSONPayload(payload, into: &numbers)
                guard json.features == features || json.header.count == 0 else {
                    numbers.removeSubrange(start...)
                    return refuse(part, .wrongFeatures, "its timesteps have another number of features than the model")
                }
                part.pointee.header = json.header
                part.pointee.numbersStart = start
            } catch {
                return error == .malformed ? refuse(part, .malformed, "its payload is not the JSON that its route takes")
                    : refuse(part, .wrongFeatures, "its timesteps have different numbers of features")
            }
        } else {
            guard payload.count % (features * 4) == 0 else { return refuse(part, .malformed, "its payload is not whole timesteps of float32") }
            part.pointee.header = SampleHeader(count: payload.count / (features * 4))
        }
        return true
    }

    private mutating func refuse(_ part: UnsafeMutablePointer<MessageParts>, _ cause: DropCause, _ reason: StaticString) -> Bool {
        drop(cause, part.pointee.name, reason)
        return false
    }

    /// Admits a new stream with its first message.
    @inline(never)
    private mutating func admit(_ index: Int) {
        let part = parts + index
        let name = part.pointee.name
        guard isGranted(part) else { return }
        guard SampleFrames.isValidName(name) else { return drop(.malformed, name, "its stream name is not UTF-8 without control characters") }
        guard let route = routes.match(name) else { return drop(.unknownRoute, name, "no route matches its stream name") }
        guard readHeader(part, route) else { return }
        let origin = StreamOrigins.bucket(originHash(part.pointee.origin, part.pointee.envelope))
        guard makeRoom(for: origin) else { return drop(.overLimit, name, "there is no room for another stream") }
        counters.messages += 1
        let slot = table.insert(name, part.pointee.hash, origin: origin)
        noteChange(slot)
        noteOrigin(part.pointee.origin, slot)
        routes.countStream(route, 1)
        part.pointee.slot = slot
        let stream = table[slot]
        stream.pointee.route = route
        stream.pointee.heard = now
        stream.pointee.boot = part.pointee.header.boot
        stream.pointee.next = part.pointee.header.firstTimestep ?? 0
        restart(slot, at: stream.pointee.next)
        place(index)
    }

    /// Makes room for one more stream of an origin; false where the limits don't allow it.
    private mutating func makeRoom(for origin: UInt16) -> Bool {
        guard table.count >= limits.maximumStreams else { return true }
        guard limits.evict, limits.maximumStreams > 0 else { return false }
        // Streams that wait in the block have to stay: in a small table these may be all.
        if pendingCount >= table.count { updatePending() }
        // Two, where the most has been lowered, so that the table shrinks to it in time.
        for _ in 0..<2 where table.count >= limits.maximumStreams {
            if let idlest = table.idlest(for: origin) {
                counters.evicted += 1
                remove(idlest, "another stream needed its place")
            } else {
                // All that may go wait in the block; then the origin has one that doesn't.
                guard pendingCount > 0 else { return false }
                updatePending()
            }
        }
        return table.count < limits.maximumStreams
    }

    /// Notes that a stream was heard of.
    @inline(__always)
    func hear(_ stream: UnsafeMutablePointer<StreamSlot>) {
        guard stream.pointee.heard != now else { return }
        stream.pointee.heard = now
        stream.pointee.flags.subtract(.told)
    }

    /// Drops a stream, with its state.
    mutating func remove(_ slot: UInt32, _ reason: StaticString) {
        publish(.evicted(reason), slot)
        forget(slot)
    }

    /// Drops a stream without a word.
    mutating func forget(_ slot: UInt32) {
        noteChange(slot)
        if table[slot].pointee.flags.contains(.isWatched) { unwatch(slot) }
        if !stretches.isEmpty { stretches[slot] = nil }
        if routes.hasBudget, table[slot].pointee.updates > 0 { noteCutSkip(table[slot]) }
        release(slot)
        table.remove(slot)
    }

    /// Gives back what a stream holds under its route.
    func releaseRow(_ stream: UnsafeMutablePointer<StreamSlot>) {
        if stream.pointee.row != StreamSlot.noRow { routes[stream.pointee.route].pointee.group.rows.release(stream.pointee.row) }
        stream.pointee.row = StreamSlot.noRow
    }

    private mutating func release(_ slot: UInt32) {
        releaseRow(table[slot])
        routes.countStream(table[slot].pointee.route, -1)
    }

    /// Drops streams that have been idle for too long: two slots a block are looked at, in turn, so that nothing ever walks over all of them.
    mutating func dropSomeIdle() {
        guard limits.idleTimeout > 0, table.capacity > 0 else { return }
        for _ in 0..<2 {
            idleHand = idleHand + 1 < table.capacity ? idleHand + 1 : 0
            let stream = table[idleHand]
            guard stream.pointee.nameLength > 0, now - stream.pointee.heard > limits.idleTimeout else { continue }
            counters.expired += 1
            remove(idleHand, "it was idle for idle_timeout")
        }
    }
}
