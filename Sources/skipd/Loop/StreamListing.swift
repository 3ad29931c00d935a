import SkipStream

/// Which streams are wanted, and in which order.
struct StreamQuery: Sendable {
    /// What their names begin with.
    var prefix: [UInt8]
    /// So many at most.
    var limit: Int
    /// Where to go on: the daemon's own order counts slots, any other the streams already had.
    var cursor: UInt64
    /// nil for the daemon's own order, which needs no look at all streams.
    var order: StreamOrder?
    /// A Boolean value indicating whether the largest come first.
    var isDescending: Bool
}

/// Some of the streams, and where the next ones begin.
struct StreamPage: Sendable {
    var streams: [StreamStatus]
    /// nil past the last.
    var cursor: UInt64?
}

/// Work over many streams, done in slices between blocks of samples.
struct LoopJob {
    /// Slots that a slice looks at: some tenths of a millisecond.
    static let slice = 256

    private var work: Work

    private enum Work {
        case list(StreamListing, LoopReply<StreamPage>)
        case reset(prefix: [UInt8], cursor: UInt32, count: Int, LoopReply<Int>)
        case search(text: [UInt8], cursor: UInt32, StreamSearch, LoopReply<StreamSearch>)
    }

    init(_ query: StreamQuery, _ reply: @escaping LoopReply<StreamPage>) { work = .list(StreamListing(query), reply) }
    init(searching text: [UInt8], limit: Int, _ reply: @escaping LoopReply<StreamSearch>) {
        work = .search(text: text, cursor: 0, StreamSearch(limit: limit), reply)
    }
    init(resetting prefix: [UInt8], _ reply: @escaping LoopReply<Int>) { work = .reset(prefix: prefix, cursor: 0, count: 0, reply) }

    /// Does a slice; answers and returns true when it was the last.
    mutating func advance(_ processor: inout StreamProcessor) -> Bool {
        switch work {
        case .list(var listing, let reply):
            guard let page = listing.advance(processor) else {
                work = .list(listing, reply)
                return false
            }
            reply(.success(page))
            return true
        case .reset(let prefix, let cursor, let count, let reply):
            let (more, next) = processor.reset(prefix: prefix, from: cursor, limit: Self.slice)
            guard let next else {
                reply(.success(count + more))
                return true
            }
            work = .reset(prefix: prefix, cursor: next, count: count + more, reply)
            return false
        case .search(let text, let cursor, var found, let reply):
            // Names only: a slice may look at more of them.
            let next = processor.names(containing: text, from: cursor, limit: 16 * Self.slice) { found.insert($0) }
            guard let next else {
                reply(.success(found))
                return true
            }
            work = .search(text: text, cursor: next, found, reply)
            return false
        }
    }

    /// Answers that it won't be finished.
    func refuse() {
        switch work {
        case .list(_, let reply): reply(.failure(LoopStopped()))
        case .reset(_, _, _, let reply): reply(.failure(LoopStopped()))
        case .search(_, _, _, let reply): reply(.failure(LoopStopped()))
        }
    }
}

/// Collects the streams of a query.
private struct StreamListing {
    let query: StreamQuery
    private var slot: UInt32
    private var found: [StreamStatus] = []

    init(_ query: StreamQuery) {
        self.query = query
        slot = query.order == nil ? UInt32(clamping: query.cursor) : 0
    }

    /// Looks at some more slots; returns the page once it is complete.
    mutating func advance(_ processor: borrowing StreamProcessor) -> StreamPage? {
        query.order.map { advanceSorted(processor, $0) } ?? advanceUnsorted(processor)
    }

    private mutating func advanceUnsorted(_ processor: borrowing StreamProcessor) -> StreamPage? {
        // No more slots than streams are wanted, so that none is passed over.
        var streams: [StreamStatus] = []
        let next = processor.streams(prefix: query.prefix, from: slot, limit: min(LoopJob.slice, query.limit - found.count)) { streams.append($0) }
        found += streams
        guard let next else { return StreamPage(streams: found, cursor: nil) }
        slot = next
        return found.count == query.limit ? StreamPage(streams: found, cursor: UInt64(next)) : nil
    }

    private mutating func advanceSorted(_ processor: borrowing StreamProcessor, _ order: StreamOrder) -> StreamPage? {
        var streams: [StreamStatus] = []
        let next = processor.streams(prefix: query.prefix, from: slot, limit: LoopJob.slice) { streams.append($0) }
        found += streams
        // One more than is wanted, which tells whether there are others.
        let wanted = Int(query.cursor) + query.limit + 1
        if next == nil || found.count > 2 * wanted {
            found.sort { query.isDescending ? order.precedes($1, $0) : order.precedes($0, $1) }
            if found.count > wanted { found.removeSubrange(wanted...) }
        }
        if let next {
            slot = next
            return nil
        }
        let page = found.dropFirst(Int(query.cursor)).prefix(query.limit)
        return StreamPage(streams: Array(page), cursor: found.count == wanted ? UInt64(wanted - 1) : nil)
    }
}
