import Glibc
import SkipStream

/// The first part of `skipctl bench`: messages as fast as they are taken.
struct BenchThroughput {
    private let messages, timesteps: Int
    private let seconds: Double
    private let updates, passed: UInt64

    /// A daemon that makes no progress for so long has lost messages.
    private static let patience = Duration.seconds(5)

    init(_ load: inout BenchLoad, _ publisher: inout Publisher, _ client: borrowing ControlClient, messages: Int, batch: Int) throws {
        func status() throws -> StatusReply { try client.ask(ControlRequest(.status), for: StatusReply.self).reply }
        let before = try status()
        let start = ContinuousClock.now
        for _ in 0..<messages where !Interruption.hasCome { try publisher.send(load.message(batch), isCancelled: { Interruption.hasCome }) }
        load.align(batch)
        var now = try status()
        var heard = ContinuousClock.now
        while now.messages - before.messages < UInt64(messages), !Interruption.hasCome {
            usleep(500)
            let next = try status()
            if next.messages > now.messages { heard = .now }
            guard heard.duration(to: .now) < Self.patience else { throw CommandFailure("of \(grouped(messages)) messages \(grouped(Int(next.messages - before.messages))) arrived; does somebody else measure?") }
            now = next
        }
        seconds = start.duration(to: .now) / .seconds(1)
        let dropped = now.dropped.values.reduce(0, +) - before.dropped.values.reduce(0, +)
        guard dropped == 0 else { throw CommandFailure("the daemon could not use \(grouped(Int(dropped))) messages; does a route match the streams, and are the recordings' features the model's?") }
        self.messages = messages
        timesteps = messages * batch
        updates = now.timesteps.updated - before.timesteps.updated
        passed = updates + now.timesteps.skipped - before.timesteps.skipped
    }

    func lines(streams: Int) -> [String] {
        [
            "throughput:  \(grouped(Int(Double(messages) / seconds))) messages/s, \(grouped(Int(Double(timesteps) / seconds))) timesteps/s (\(grouped(messages)) messages of \(counted(streams, "stream")) in \(decimal(seconds, 2)) s)",
            "update rate: \(percentage(Int(updates), of: Int(passed))), \(grouped(Int(Double(updates) / seconds))) updates/s",
        ]
    }

    func write(to object: inout JSONObject) {
        object.add("messages", messages)
        object.add("timesteps", timesteps)
        object.add("seconds", seconds)
        object.add("messages_per_s", Double(messages) / seconds)
        object.add("timesteps_per_s", Double(timesteps) / seconds)
        object.add("updates_per_s", Double(updates) / seconds)
        if passed > 0 { object.add("update_rate", Double(updates) / Double(passed)) }
    }
}

/// The second part: from sending a timestep to receiving the result that it caused.
struct BenchLatency {
    /// Ascending, in seconds.
    private var times: [Double] = []
    private let rate: Double

    init(_ load: inout BenchLoad, _ publisher: inout Publisher, _ subscription: inout Subscription, rate: Double, time: Duration) throws {
        self.rate = rate
        let streams = Dictionary(uniqueKeysWithValues: load.names.enumerated().map { ($1, $0) })
        // What the first part has caused.
        while try subscription.receive(until: .now + .milliseconds(200)) != nil, !Interruption.hasCome {}
        let first = load.seq
        // By timestep, then stream.
        var sent: [ContinuousClock.Instant] = []
        let start = ContinuousClock.now
        let end = start + time
        while !Interruption.hasCome {
            let due = start + .seconds(Double(sent.count) / rate)
            if due <= .now, due < end {
                let message = load.message(1)
                sent.append(.now)
                try publisher.send(message, isCancelled: { Interruption.hasCome })
            }
            if due >= end, ContinuousClock.now > end + .milliseconds(500) { break }
            guard let frames = try subscription.receive(until: due < end ? due : end + .milliseconds(500)), let result = PublishedMessage(frames),
                  let stream = streams[result.stream], let seq = result.body["seq"]?.integer, seq >= Int(first)
            else { continue }
            let index = (seq - Int(first)) * streams.count + stream
            if index < sent.count { times.append(sent[index].duration(to: .now) / .seconds(1)) }
        }
        times.sort()
    }

    private func quantile(_ share: Double) -> Double { times[min(times.count - 1, Int(share * Double(times.count)))] }

    var lines: [String] {
        guard !times.isEmpty else { return ["latency:     no result came; the route's emit may be \"end\" or \"change\""] }
        func text(_ share: Double) -> String { decimal(quantile(share) * 1e6, 0) + " µs" }
        return ["latency:     median \(text(0.5)), 90 % \(text(0.9)), 99 % \(text(0.99)), longest \(text(1)) (\(counted(times.count, "result")) at \(decimal(rate, 0)) messages/s)"]
    }

    func write(to object: inout JSONObject) {
        object.add("results", times.count)
        guard !times.isEmpty else { return }
        for (name, share) in [("latency_p50_s", 0.5), ("latency_p90_s", 0.9), ("latency_p99_s", 0.99), ("latency_max_s", 1)] { object.add(name, quantile(share)) }
    }
}
