import Glibc
import SkipRNN

// What bounds the cost of updates: the stretch, by route and by stream, budgets, and the most updates in a window.

extension StreamProcessor {
    /// When updates fall due for a stream, where some have a stretch of their own.
    @inline(never)
    func gateOptions(_ slot: UInt32) -> GateOptions {
        let route = routes[table[slot].pointee.route]
        return stretches[slot].map { route.pointee.gateOptions(stretch: $0) } ?? route.pointee.gateOptions
    }

    /// Sets the stretch of a route in force, until a reload; its streams take it at their next update.
    /// - Parameters:
    ///   - stretch: at least 1; nil for what the configuration says.
    ///   - pattern: the text of the route's pattern.
    /// - Returns: false where there is no such route.
    public mutating func setStretch(_ stretch: Float?, ofRoute pattern: String) -> Bool {
        guard let place = routes.place(ofPattern: pattern) else { return false }
        routes[place].pointee.chosenStretch = stretch
        return true
    }

    /// Sets a stream's own stretch, in place of its route's, for as long as the stream is known: it is stored, and travels, with it.
    /// - Returns: false where there is no stream of that name.
    public mutating func setStretch(_ stretch: Float?, ofStream name: [UInt8]) -> Bool {
        guard let slot = name.withUnsafeBytes({ table.find($0) }) else { return false }
        noteChange(slot)
        stretches[slot] = stretch
        return true
    }

    /// Looks after an update, whose countdown has just been set, of a route with a bound or a budget.
    /// - Parameter due: the timestep at which it was due.
    @inline(never)
    mutating func watchUpdate(_ stream: UnsafeMutablePointer<StreamSlot>, due: UInt64) {
        let route = routes[stream.pointee.route]
        // The record still has the update before.
        let (timestep, isFirst) = (stream.pointee.next, stream.pointee.updates == 1)
        let gap = isFirst ? nil : timestep - stream.pointee.lastRead
        if let bound = route.pointee.route.maxUpdates, let gaps = route.pointee.group.gaps {
            let distances = route.pointee.group.rows[stream.pointee.row] + route.pointee.group.model.architecture.stateSize
            if let gap, gaps > 0 { distances[Int((stream.pointee.updates - 2) % UInt64(gaps))] = Float(min(gap, UpdateBound.largestWindow)) }
            if stream.pointee.updates >= bound.count {
                // From the K-th last update up to this one. What a store gave back may be any finite number.
                var distance: UInt64 = 0
                for index in 0..<gaps { distance += UInt64(max(0, min(distances[index], Float(UpdateBound.largestWindow)))) }
                let earliest = timestep + bound.timesteps - min(distance, bound.timesteps)
                if stream.pointee.due < earliest {
                    stream.pointee.due = earliest
                    counters.deferred &+= 1
                }
            }
        }
        guard route.pointee.controller != nil else { return }
        if !isFirst { route.pointee.controller?.note(ended: skip(stream, since: stream.pointee.lastRead, until: due)) }
        route.pointee.controller?.note(begun: skip(stream, since: timestep, until: stream.pointee.due))
        if case .updatesPerSecond = route.pointee.route.budget { route.pointee.controller?.spend(1) }
    }

    /// Notes that a sequence's end, what begins it anew, or the stream's own end cuts off the skip since its last update.
    func noteCutSkip(_ stream: UnsafeMutablePointer<StreamSlot>) {
        let skip = skip(stream, since: stream.pointee.lastRead, until: stream.pointee.due)
        routes[stream.pointee.route].pointee.controller?.note(ended: skip)
    }

    /// Timesteps from an update to the next one, or to the sequence's end if that is known to come before.
    private func skip(_ stream: UnsafeMutablePointer<StreamSlot>, since timestep: UInt64, until due: UInt64) -> UInt64 {
        let end = min(due, sequenceEnd(stream))
        return end > timestep ? end - timestep : 1
    }

    /// Notes the time that an update took.
    func spendTime(_ seconds: Double, _ route: UInt16) {
        if case .cpu = routes[route].pointee.route.budget { routes[route].pointee.controller?.spend(seconds) }
    }

    /// Moves the stretch of routes with a budget on, if it is time, and tells when one is first stretched, and when no longer.
    /// - Parameter clock: nanoseconds of the clock that `process` is given.
    public mutating func controlBudgets(at clock: Int64) {
        for place in routes.inForce where routes[place].pointee.controller != nil {
            if let change = routes[place].pointee.control(at: clock) { publish(change, ofRoute: place) }
        }
    }
}

/// Nanoseconds that the calling thread has run for: what other processes take of its core meanwhile is no cost of its own.
let threadNanoseconds: @Sendable () -> Int64 = {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
