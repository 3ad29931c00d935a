import Foundation
import SkipRNN
import Testing
import TestSupport

@Suite(.serialized) struct ResultTests {
    /// Noon of some day.
    private let epoch: Int64 = 1_795_000_000_000_000_000

    @Test("published results of the bundled recordings equal offline inference, field by field", arguments: ["update", "change", "change held", "end", "every 7"])
    func recordings(_ rule: String) throws {
        let (keys, emit): (String, Oracle.Rule) = switch rule {
        case "change": ("emit = \"change\"", .change(minimum: 0, hold: 1))
        case "change held": ("emit = \"change\"\nmin_p = 0.6\nhold = 2", .change(minimum: 0.6, hold: 2))
        case "end": ("emit = \"end\"", .end)
        case "every 7": ("emit = 7", .every(7))
        default: ("emit = \"update\"", .update)
        }
        let daemon = try RunningDaemon(route: keys + "\nprobabilities = true")
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        for recording in 0..<Bundled.recordings.count {
            let values = Bundled.recording(recording)
            var oracle = Oracle(Bundled.model)
            oracle.rule = emit
            oracle.wantsProbabilities = true
            oracle.firstTime = epoch
            oracle.run(values, stream: "watch/\(recording)")
            // Ten timesteps a message, as a watch at 50 Hz might send them.
            for first in stride(from: 0, to: values.count / 6, by: 10) {
                let part = Array(values[(first * 6)..<min((first + 10) * 6, values.count)])
                try device.send(Sample(stream: "watch/\(recording)", values: part, seq: UInt64(first), ts: epoch + Int64(first) * oracle.interval))
            }
            let messages = try subscriber.receive(oracle.results.count)
            #expect(messages.allSatisfy { $0.topic == "result/watch/\(recording)" })
            #expect(try messages.map { try $0.result } == oracle.results)
        }
        let status = try daemon.waitForStatus("all timesteps") { $0.arrived == Bundled.recordings.samples.count / 6 }
        #expect(status["results"] > 0)
        #expect(try subscriber.receiveAvailable().isEmpty)
        #expect(status.droppedTotal == 0)
    }

    @Test("every frame form and dtype gives the results of the same values", arguments: Sample.Form.allCases)
    func forms(_ form: Sample.Form) throws {
        let daemon = try RunningDaemon()
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        var generator = SplitMix.forTest()
        for dtype in form == .two ? [.f32] : Sample.DType.allCases {
            // Small whole numbers: every dtype holds them exactly.
            let values = (0..<(150 * 6)).map { _ in Float(Int.random(in: dtype.name.contains("u") ? 0...20 : -10...10, using: &generator)) }
            let stream = "watch/\(dtype)"
            var oracle = Oracle(Bundled.model)
            oracle.firstTime = epoch
            oracle.run(values, stream: stream)
            var first = 0
            while first < 150 {
                let count = min(Int.random(in: 1...40, using: &generator), 150 - first)
                let part = Array(values[(first * 6)..<((first + count) * 6)])
                try device.send(Sample(stream: stream, values: part, dtype: dtype, seq: UInt64(first), ts: epoch + Int64(first) * oracle.interval), form)
                first += count
            }
            var results = try subscriber.receive(oracle.results.count).map { try $0.result }
            var expected = oracle.results
            if form == .two {
                // Without a header the time is that of the arrival.
                for index in results.indices { (results[index].time, expected[index].time) = ("", "") }
            }
            #expect(results == expected, "\(dtype)")
        }
        #expect(try daemon.status().droppedTotal == 0)
    }

    @Test("JSON payloads, as objects and as bare arrays, give the results of the same values")
    func json() throws {
        let daemon = try RunningDaemon(route: "emit = \"update\"\nencoding = \"json\"")
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(2)
        for stream in ["watch/object", "watch/bare"] {
            var oracle = Oracle(Bundled.model)
            oracle.firstTime = epoch
            oracle.run(values, stream: stream)
            for first in stride(from: 0, to: values.count / 6, by: 5) {
                let rows = (first..<min(first + 5, values.count / 6)).map { row in "[\(values[(row * 6)..<((row + 1) * 6)].map(\.description).joined(separator: ", "))]" }
                let array = "[\(rows.joined(separator: ", "))]"
                let text = stream == "watch/bare" ? array : "{\"x\": \(array), \"seq\": \(first), \"ts\": \(epoch + Int64(first) * oracle.interval)}"
                try device.send([Array(stream.utf8), Array(text.utf8)])
            }
            var results = try subscriber.receive(oracle.results.count).map { try $0.result }
            if stream == "watch/bare" { for index in results.indices { results[index].time = oracle.results[index].time } }
            #expect(results == oracle.results)
        }
    }

    @Test("timesteps left out where they would be skipped change no byte of the results")
    func omitted() throws {
        var generator = SplitMix.forTest()
        let values = Bundled.recording(0)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/1")
        let read = Set(oracle.read)
        func publish(_ isSent: (Int) -> Bool) throws -> (messages: [Subscriber.Message], status: DaemonStatus) {
            let daemon = try RunningDaemon()
            let subscriber = try Subscriber(daemon)
            let device = try Device(daemon.ingest[0], in: daemon.context)
            for timestep in 0..<(values.count / 6) where isSent(timestep) {
                let part = Array(values[(timestep * 6)..<((timestep + 1) * 6)])
                try device.send(Sample(stream: "watch/1", values: part, seq: UInt64(timestep), ts: epoch + Int64(timestep) * oracle.interval, boot: 7))
            }
            // Time comes to the end even where the last timesteps are left out.
            try device.send(Sample(stream: "watch/1", values: [], seq: UInt64(values.count / 6), boot: 7))
            let sent = 1 + (0..<(values.count / 6)).count { isSent($0) }
            return (try subscriber.receive(oracle.results.count), try daemon.waitForStatus("all messages") { $0["messages"] == sent })
        }
        let all = try publish { _ in true }
        let none = try publish { read.contains($0) }
        let chosen = Set((0..<(values.count / 6)).filter { _ in Bool.random(using: &generator) })
        let some = try publish { read.contains($0) || chosen.contains($0) }
        #expect(all.messages == none.messages)
        #expect(all.messages == some.messages)
        #expect(all.status.timesteps["omitted"] == 0)
        #expect(none.status.timesteps["omitted"] == values.count / 6 - read.count)
        #expect(none.status.timesteps["lost"] == 0)
        #expect(none.status.timesteps["skipped"] == 0)
    }

    @Test("two hundred interleaved streams don't mix, and a stream's results don't depend on message sizes, company or order")
    func interleaved() throws {
        var generator = SplitMix.forTest()
        let streams = 200
        let length = 260
        var values: [[Float]] = []
        var oracles: [Oracle] = []
        for stream in 0..<streams {
            // Real motion, shifted and scaled, so that no two streams are alike.
            let recording = Bundled.recording(stream % Bundled.recordings.count)
            let (scale, shift) = (Float.random(in: 0.5...1.5, using: &generator), Float.random(in: -1...1, using: &generator))
            values.append((0..<(length * 6)).map { recording[($0 + stream * 60) % recording.count] * scale + shift })
            var oracle = Oracle(Bundled.model)
            oracle.firstTime = epoch
            oracle.run(values[stream], stream: name(stream))
            oracles.append(oracle)
        }
        func name(_ stream: Int) -> String { "watch/room\(stream % 7)/\(stream)" }
        func sample(_ stream: Int, _ first: Int, _ count: Int) -> Sample {
            let part = Array(values[stream][(first * 6)..<((first + count) * 6)])
            return Sample(stream: name(stream), values: part, seq: UInt64(first), ts: epoch + Int64(first) * oracles[stream].interval)
        }
        let daemon = try RunningDaemon()
        let subscriber = try Subscriber(daemon, prefixes: ["result/"])
        let devices = try (0..<5).map { _ in try Device(daemon.ingest[0], in: daemon.context) }
        var next = [Int](repeating: 0, count: streams)
        var unfinished = Array(0..<streams)
        var received: [String: [Subscriber.Message]] = [:]
        // Results that are on their way. Never more than a queue holds for sure: skipd drops for a subscriber that doesn't keep up.
        var awaited = 0
        func take(_ messages: [Subscriber.Message]) {
            awaited -= messages.count
            for message in messages { received[message.topic, default: []].append(message) }
        }
        while let stream = unfinished.randomElement(using: &generator) {
            let count = min(Bool.random(using: &generator) ? 1 : Int.random(in: 1...90, using: &generator), length - next[stream])
            // A stream's messages stay in order: one device sends them.
            try devices[stream % devices.count].send(sample(stream, next[stream], count), Bool.random(using: &generator) ? .one : .threeBinary)
            awaited += oracles[stream].results.count { (next[stream]..<(next[stream] + count)).contains($0.seq) }
            next[stream] += count
            if next[stream] == length { unfinished.removeAll { $0 == stream } }
            take(try subscriber.receiveAvailable())
            if awaited > 400 { take(try subscriber.receive(awaited)) }
        }
        let total = oracles.reduce(0) { $0 + $1.results.count }
        take(try subscriber.receive(awaited))
        for (stream, oracle) in oracles.enumerated() {
            #expect(try received["result/\(name(stream))"]?.map { try $0.result } == oracle.results, "stream \(stream)")
        }
        // Each stream alone, a timestep a message.
        let quiet = try RunningDaemon()
        let listener = try Subscriber(quiet)
        let device = try Device(quiet.ingest[0], in: quiet.context)
        for stream in stride(from: 0, to: streams, by: 10) {
            for timestep in 0..<length { try device.send(sample(stream, timestep, 1)) }
            #expect(try listener.receive(oracles[stream].results.count) == received["result/\(name(stream))"], "stream \(stream)")
        }
        let status = try daemon.waitForStatus("all timesteps") { $0.arrived == streams * length }
        #expect(status["streams"] == streams)
        #expect(status["results"] == total)
    }
}
