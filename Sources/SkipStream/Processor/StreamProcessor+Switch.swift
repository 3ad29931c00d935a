import SkipRNN

// Streams whose route a reload has replaced: each leaves it by itself, when it may, and no timestep is lost on the way.

extension StreamProcessor {
    /// Reads the header of a message whose stream's route is no longer in force. The stream moves if nothing but its place has changed; where
    /// options have, it keeps the old ones till its next update, and where the model has, till the new route's `switching` says.
    /// - Returns: false where the message can't be used; where no route matches any more, the stream is then gone.
    @inline(never)
    mutating func readHeaderSinceReload(_ part: UnsafeMutablePointer<MessageParts>, _ slot: UInt32) -> Bool {
        let stream = table[slot]
        if stream.pointee.flags.contains(.isPending) { updatePending() }
        guard let route = routes.match(part.pointee.name) else {
            drop(.unknownRoute, part.pointee.name, "no route matches its stream name since the reload")
            remove(slot, "no route matches it since the reload")
            return false
        }
        guard readHeader(part, route) else { return false }
        let (old, new) = (routes[stream.pointee.route].pointee.group, routes[route].pointee.group)
        if old.model !== new.model {
            // Where a timestep has another size, no message could be read by both.
            guard routes[route].pointee.route.switching == .reset || old.model.architecture.inputSize != new.model.architecture.inputSize else { return true }
            hear(stream)
            move(stream, to: route)
            restart(slot, at: stream.pointee.next)
            stream.pointee.publishedLabel = StreamSlot.noLabel
            publish(.reset("its model changed"), slot)
        } else if routes[route].pointee.hasOptions(of: routes[stream.pointee.route].pointee.route) {
            move(stream, to: route)
        }
        return true
    }

    /// Puts a stream under another route; its row stays where the model is the same.
    mutating func move(_ stream: UnsafeMutablePointer<StreamSlot>, to route: UInt16) {
        guard route != stream.pointee.route else { return }
        if routes[route].pointee.group !== routes[stream.pointee.route].pointee.group { releaseRow(stream) }
        routes.countStream(route, 1)
        routes.countStream(stream.pointee.route, -1)
        stream.pointee.route = route
    }

    /// Where an update is due: puts a stream under the route that its name now has, if that has another model and may take it here: at a sequence's
    /// first timestep, or with its state.
    @inline(never)
    mutating func takeNewModel(_ stream: UnsafeMutablePointer<StreamSlot>) {
        guard let route = StreamSlot.withName(stream, { routes.match($0) }) else { return }
        let (old, new) = (routes[stream.pointee.route].pointee.group, routes[route].pointee.group)
        guard old !== new, old.model.architecture.inputSize == new.model.architecture.inputSize else { return }
        let isSameModel = old.model === new.model
        let carries = isSameModel || (routes[route].pointee.route.switching == .carry && old.model.architecture == new.model.architecture)
        guard stream.pointee.updates == 0 || carries else { return }
        if !isSameModel, !carries || old.model.metadata.labels != new.model.metadata.labels {
            (stream.pointee.publishedLabel, stream.pointee.candidateLabel, stream.pointee.streak) = (StreamSlot.noLabel, StreamSlot.noLabel, 0)
        }
        var row = StreamSlot.noRow
        if stream.pointee.updates > 0 {
            row = new.rows.allocate()
            let count = new.model.architecture.stateSize
            new.rows[row].update(from: old.rows[stream.pointee.row], count: count)
            // No distances between updates are known: none is assumed, which puts the next one off for as long as could be needed.
            if let gaps = new.gaps { (new.rows[row] + count).update(repeating: 0, count: gaps) }
        }
        move(stream, to: route)
        stream.pointee.row = row
    }
}
