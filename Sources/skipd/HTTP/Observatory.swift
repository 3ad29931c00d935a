import SkipStream

/// Those who look at the dashboard, and what each of them is shown.
///
/// While nobody looks nothing runs: no timer, and no stream is watched. While somebody does, the sample loop is asked four times a second,
/// once for all viewers.
actor Observatory {
    /// What one viewer sees beside the daemon's status.
    enum View: Sendable, Equatable {
        /// The streams whose name contains a text.
        case streams(matching: String)
        /// One stream's timesteps.
        case stream(String)
    }

    /// Viewers at a time.
    static let maximumViewers = 16
    /// Rows of a table of streams: with some other viewers' they fit into the streams that may be watched.
    static let rows = 50

    private struct Viewer {
        let view: View
        let events: AsyncStream<[UInt8]>.Continuation
        var found = StreamSearch(limit: rows)
        var searched: ContinuousClock.Instant?
    }

    private let daemon: DaemonInspector
    private var viewers: [Int: Viewer] = [:]
    private var lastViewer = 0
    private var ticking: Task<Void, Never>?
    private var isClosed = false

    init(_ daemon: DaemonInspector) { self.daemon = daemon }

    /// Admits a viewer.
    /// - Returns: a number to leave by, and the events, newest only for a viewer that can't keep up; nil where there are too many viewers.
    func enter(_ view: View) -> (viewer: Int, events: AsyncStream<[UInt8]>)? {
        guard !isClosed, viewers.count < Self.maximumViewers else { return nil }
        let (events, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1))
        lastViewer += 1
        viewers[lastViewer] = Viewer(view: view, events: continuation)
        if ticking == nil { ticking = Task { await tickWhileWatched() } }
        return (lastViewer, events)
    }

    /// A viewer has gone.
    func leave(_ viewer: Int) { viewers.removeValue(forKey: viewer)?.events.finish() }

    /// Ends all viewers' events, and admits no more.
    func close() {
        isClosed = true
        for viewer in viewers.keys { leave(viewer) }
    }

    private func tickWhileWatched() async {
        repeat {
            while !viewers.isEmpty {
                await tick()
                try? await Task.sleep(for: .milliseconds(250))
            }
            // Somebody may come while the loop is told that nobody watches.
            _ = await daemon.observe([])
        } while !viewers.isEmpty
        ticking = nil
    }

    private func tick() async {
        guard let status = await daemon.status() else {
            for viewer in viewers.values { viewer.events.yield(DashboardEvents.silence) }
            return
        }
        for (id, viewer) in viewers { await refresh(id, viewer) }
        let names = viewers.values.reduce(into: [[UInt8]]()) { names, viewer in
            for name in shown(viewer) where !names.contains(name) { names.append(name) }
        }
        guard let observed = await daemon.observe(names) else { return }
        let known = Dictionary(uniqueKeysWithValues: zip(names, observed))
        for viewer in viewers.values {
            var events = DashboardEvents()
            events.append(status)
            switch viewer.view {
            case .streams: events.append(viewer.found.names.compactMap { known[$0] ?? nil }, total: viewer.found.total)
            case .stream(let name): events.append(name, known[[UInt8](name.utf8)] ?? nil)
            }
            viewer.events.yield(events.bytes)
        }
    }

    /// The streams that a viewer sees.
    private func shown(_ viewer: Viewer) -> [[UInt8]] {
        switch viewer.view {
        case .streams: viewer.found.names
        case .stream(let name): [[UInt8](name.utf8)]
        }
    }

    /// Searches again for a viewer of a table, every two seconds: among a million streams it takes some 50 ms of the sample loop, in slices.
    private func refresh(_ id: Int, _ viewer: Viewer) async {
        guard case .streams(let text) = viewer.view, viewer.searched.map({ $0.duration(to: .now) > .seconds(2) }) ?? true else { return }
        guard let found = await daemon.search(text, limit: Self.rows) else { return }
        viewers[id]?.found = found
        viewers[id]?.searched = .now
    }
}
