import SkipRNN

// From a message to its stream: the header is read, the payload's size checked, a new stream admitted, the message's
// timesteps placed against the stream's next one.

extension StreamProcessor {
    /// Takes message `index` of the block as far as it goes without an update.
    @inline(__always)
    mutating func accept(_ index: Int) {
        let part = parts + index
        guard let slot = table.find(part.pointee.name, part.pointee.hash, guess: part.pointee.guess) else { return admit(index) }
        let stream = table[slot]
        guard routes[stream.pointee.route].isCurrent || keepsStream(slot), readHeader(part, stream.pointee.route) else { return }
        counters.messages += 1
        part.pointee.slot = slot
        stream.pointee.heard = now
        let header = part.pointee.header
        let count = UInt64(header.count)
        // The common case: the next timesteps of a known stream, none of which is read.
        if header.flags.isEmpty, stream.pointee.next &+ count <= stream.pointee.event, !stream.pointee.flags.contains(.isPending),
           header.boot == 0 || header.boot == stream.pointee.boot, header.firstTimestep.map({ $0 == stream.pointee.next }) ?? true {
            stream.pointee.next &+= count
            counters.skipped &+= count
            return
        }
        place(index)
    }

    /// Reads a message's header and checks its payload against the model's F; counts and drops what doesn't fit.
    @inline(__always)
    private mutating func readHeader(_ part: UnsafeMutablePointer<MessageParts>, _ route: UInt16) -> Bool {
        let features = routes[route].features
        if let bytes = part.pointee.headerBytes, bytes.first == 0x53 {
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
        } else if routes[route].route.encoding == .json {
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
        guard SampleFrames.isValidName(name) else { return drop(.malformed, name, "its stream name is not UTF-8 without control characters") }
        guard let route = routes.match(name) else { return drop(.unknownRoute, name, "no route matches its stream name") }
        guard readHeader(part, route) else { return }
        guard makeRoom() else { return drop(.overLimit, name, "there are max_streams streams already") }
        counters.messages += 1
        let slot = table.insert(name, part.pointee.hash)
        routes.countStream(route, 1)
        part.pointee.slot = slot
        let stream = table[slot]
        stream.pointee.route = route
        stream.pointee.heard = now
        stream.pointee.boot = part.pointee.header.boot
        stream.pointee.next = part.pointee.header.firstTimestep ?? 0
        restart(stream, at: stream.pointee.next)
        place(index)
    }

    /// Makes room for one more stream; false where the limits don't allow it.
    private mutating func makeRoom() -> Bool {
        guard table.count >= limits.maximumStreams else { return true }
        guard limits.evict, let idlest = table.idlest(&generator) else { return false }
        counters.evicted += 1
        remove(idlest, "another stream needed its place")
        return true
    }

    /// Drops a stream, with its state.
    mutating func remove(_ slot: UInt32, _ reason: StaticString) {
        publish(.evicted(reason), slot)
        release(slot)
        table.remove(slot)
    }

    /// Gives back what a stream holds under its route.
    func releaseRow(_ stream: UnsafeMutablePointer<StreamSlot>) {
        if stream.pointee.row != StreamSlot.noRow { routes[stream.pointee.route].group.rows.release(stream.pointee.row) }
        stream.pointee.row = StreamSlot.noRow
    }

    private mutating func release(_ slot: UInt32) {
        releaseRow(table[slot])
        routes.countStream(table[slot].pointee.route, -1)
    }

    /// A message for a stream whose route is no longer in force: moves it if its model is another, keeps it till its next update if not.
    /// - Returns: false where no route matches any more; the message is then counted and the stream gone.
    @inline(never)
    private mutating func keepsStream(_ slot: UInt32) -> Bool {
        let stream = table[slot]
        if stream.pointee.flags.contains(.isPending) { updatePending() }
        guard let route = StreamSlot.withName(stream, { routes.match($0) }) else {
            StreamSlot.withName(stream) { drop(.unknownRoute, $0, "no route matches its stream name since the reload") }
            remove(slot, "no route matches it since the reload")
            return false
        }
        if routes[route].group !== routes[stream.pointee.route].group {
            move(stream, to: route)
            restart(stream, at: stream.pointee.next)
            stream.pointee.publishedLabel = -1
            publish(.reset("its model changed"), slot)
        }
        return true
    }

    /// Puts a stream under another route; its row stays where the model is the same.
    mutating func move(_ stream: UnsafeMutablePointer<StreamSlot>, to route: UInt16) {
        if routes[route].group !== routes[stream.pointee.route].group { releaseRow(stream) }
        routes.countStream(stream.pointee.route, -1)
        routes.countStream(route, 1)
        stream.pointee.route = route
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
