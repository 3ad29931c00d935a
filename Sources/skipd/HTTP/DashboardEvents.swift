import FoundationEssentials
import SkipRNN
import SkipStream

/// Server-sent events for the dashboard: lines of `event:` and `data:`, the data one line of JSON.
///
///     event: status    the daemon's counters, as in /metrics
///     event: streams   the rows of the table, with the timesteps each stream last read
///     event: stream    one stream, with its timeline
struct DashboardEvents {
    private(set) var bytes: [UInt8] = []

    /// What a viewer sees where the sample loop doesn't answer.
    static let silence = Array("event: silence\ndata: {}\n\n".utf8)

    /// Timesteps that a row of the table shows.
    private static let timestepsPerRow: UInt64 = 200

    mutating func append(_ daemon: DaemonStatus) {
        event("status") { json in
            let counters = daemon.loop.counters
            json.raw("{\"time\":\(Date.now.timeIntervalSince1970),\"version\":")
            json.text(daemon.version)
            json.raw(",\"kernels\":")
            json.text(daemon.kernels)
            json.raw(",\"streams\":\(daemon.loop.streams),\"max_streams\":\(daemon.loop.maximumStreams),\"messages\":\(counters.messages)")
            json.raw(",\"timesteps\":{\"updated\":\(counters.updated),\"skipped\":\(counters.skipped),\"omitted\":\(counters.omitted),\"lost\":\(counters.lost)")
            json.raw(",\"stale\":\(counters.stale),\"rejected\":\(counters.rejected)},\"results\":\(counters.results),\"lag\":\(daemon.loop.lag / .seconds(1))")
            json.raw(",\"dropped\":\(DropCause.allCases.reduce(0) { $0 + counters[$1] }),\"evicted\":\(counters.evicted)")
            json.raw(",\"connections\":\(daemon.connections.reduce(0) { $0 + $1.current }),\"draining\":\(daemon.loop.isDrained)")
            json.raw(",\"busy\":\(Double(daemon.loop.blockTimes.total) / 1e9),\"models\":")
            json.list(daemon.loop.models) { json, model in
                json.raw("{\"name\":")
                json.text(model.name)
                json.raw(",\"identity\":")
                json.text(model.identity)
                json.raw(",\"streams\":\(model.streams),\"updates\":\(model.updates),\"timesteps\":\(model.timesteps)}")
            }
            json.raw("}")
        }
    }

    mutating func append(_ rows: [StreamObservation], total: Int) {
        event("streams") { json in
            json.raw("{\"total\":\(total),\"rows\":")
            json.list(rows) { json, stream in
                json.raw("{")
                json.append(stream.status)
                json.raw(",\"reads\":")
                json.list(stream.marks.filter { $0.kind == .read && $0.timestep + Self.timestepsPerRow >= stream.status.next }) { $0.raw("[\($1.timestep),\($1.label)]") }
                json.raw("}")
            }
            json.raw("}")
        }
    }

    /// One stream's timeline; nil where it is not there.
    mutating func append(_ name: String, _ stream: StreamObservation?) {
        event("stream") { json in
            guard let stream else {
                json.raw("{\"name\":")
                json.text(name)
                return json.raw(",\"known\":false}")
            }
            json.raw("{")
            json.append(stream.status)
            json.raw(",\"known\":true,\"labels\":")
            json.list(stream.labels) { $0.text($1) }
            json.raw(",\"marks\":")
            json.list(stream.marks) { json, mark in
                json.raw("[\(mark.kind.rawValue),\(mark.timestep),\(mark.end),\(mark.increment),\(mark.label),\(JSON.number(mark.probability))]")
            }
            json.raw("}")
        }
    }

    private mutating func event(_ name: String, _ body: (inout JSON) -> Void) {
        bytes.append(contentsOf: "event: \(name)\ndata: ".utf8)
        var json = JSON(bytes: bytes)
        bytes = []
        body(&json)
        bytes = json.bytes
        bytes.append(contentsOf: "\n\n".utf8)
    }
}

/// JSON as it is written here: bytes, with every string escaped. No line break can get into it, so that it stays one `data:` line.
private struct JSON {
    var bytes: [UInt8]

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// A regression's value may be infinite, which JSON has no word for.
    static func number(_ value: Float) -> String { value.isFinite ? value.description : "null" }

    mutating func text(_ text: String) { bytes.appendJSON(text) }

    mutating func list<Items: Collection>(_ items: Items, _ body: (inout JSON, Items.Element) -> Void) {
        raw("[")
        var isFirst = true
        for item in items {
            if !isFirst { raw(",") }
            isFirst = false
            body(&self, item)
        }
        raw("]")
    }

    /// A stream's members, without braces.
    mutating func append(_ stream: StreamStatus) {
        raw("\"name\":")
        text(stream.name)
        raw(",\"model\":")
        text(stream.model)
        if let label = stream.label, let probability = stream.probability {
            raw(",\"label\":")
            text(label)
            raw(",\"p\":\(Self.number(probability))")
        }
        raw(",\"next\":\(stream.next),\"updates\":\(stream.updates),\"timesteps\":\(stream.timesteps),\"results\":\(stream.results)")
        raw(",\"omitted\":\(stream.omitted),\"lost\":\(stream.lost),\"idle\":\(stream.idleSeconds),\"boot\":\(stream.boot)")
        raw(",\"increment\":\(stream.gate.updateProbabilityIncrement),\"sum\":\(stream.gate.cumulativeUpdateProbability)")
        if let due = stream.due { raw(",\"due\":\(due)") }
    }
}
