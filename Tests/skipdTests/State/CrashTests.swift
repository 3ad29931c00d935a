import Foundation
import Testing
import TestSupport
import ZeroMQ

/// `kill -9` at random moments under load. `make crash` does it 200 times, `make test` a few.
@Suite(.serialized) struct CrashTests {
    private static var kills: Int { ProcessInfo.processInfo.environment["SKIPD_KILLS"].flatMap { Int($0) } ?? 6 }

    @Test("after kill -9 every stream goes on from its checkpoint, and its results are byte for byte those of a run that nothing disturbed")
    func kill9() throws {
        var generator = SplitMix.forTest()
        let run = try UndisturbedRun(streams: 40, length: 30_000)
        let keeper = try KeepingDaemon()
        defer { keeper.remove() }
        var before = [Int](repeating: 0, count: run.streams.count)
        var (checked, restored) = (0, 0)
        for round in 0..<Self.kills {
            let daemon = try keeper.start()
            let positions = try daemon.positions(run.streams)
            // A checkpoint never goes back.
            for (stream, position) in positions.enumerated() {
                #expect(position >= before[stream], "round \(round), \(run.streams[stream])")
                if position > 0 { restored += 1 }
            }
            before = positions
            #expect(!keeper.files.contains { $0.contains("damaged") })
            var sent = positions
            let subscriber = try Subscriber(daemon, prefixes: ["result/"])
            let device = try Device(daemon.ingest[0], in: daemon.context)
            let end = ContinuousClock.now + .microseconds(Int.random(in: 0...150_000, using: &generator))
            while ContinuousClock.now < end {
                let stream = Int.random(in: 0..<run.streams.count, using: &generator)
                let count = min(Int.random(in: 1...20, using: &generator), run.length - 500 - sent[stream])
                guard count > 0 else { throw TestFailure("the run is too short for so many kills") }
                try device.send(run.message(stream: stream, from: sent[stream], count: count))
                sent[stream] += count
                // So that the run is long enough for 200 kills.
                usleep(UInt32.random(in: 0...200, using: &generator))
            }
            daemon.signal(SIGKILL)
            #expect(daemon.waitForEnd() == -SIGKILL)
            checked += try compare(subscriber.receiveAvailable(), run, "round \(round)")
        }
        // At last everything that is left, undisturbed, and a clean stop, which loses nothing.
        let daemon = try keeper.start()
        let positions = try daemon.positions(run.streams)
        let subscriber = try Subscriber(daemon, prefixes: ["result/"])
        let device = try Device(daemon.ingest[0], in: daemon.context)
        var compared = 0
        for (stream, position) in positions.enumerated() {
            let end = min(position + 500, run.length)
            if position < end { try device.send(run.message(stream: stream, from: position, count: end - position)) }
            // Stream by stream, so that no result is dropped for want of a reader.
            let expected = run.results[run.streams[stream]]?.keys.count { position..<end ~= $0 } ?? 0
            compared += try compare(subscriber.receive(expected), run, "the end")
            before[stream] = end
        }
        #expect(compared > 0)
        #expect(daemon.stop() == 0)
        let after = try keeper.start()
        #expect(try after.positions(run.streams) == before)
        #expect(after.stop() == 0)
        print("\(Self.kills) kills, \(restored) streams restored, \(checked) results compared")
        #expect(restored > 0)
        #expect(checked > 0)
    }

    /// Compares each result with the undisturbed one of its stream and timestep; returns how many.
    private func compare(_ messages: [Subscriber.Message], _ run: UndisturbedRun, _ place: String) throws -> Int {
        for message in messages {
            let result = try message.result
            let expected = run.results[result.stream]?[result.seq] ?? "nothing"
            guard message.body == expected else {
                Issue.record("\(place): \(message.body), expected was \(expected)")
                return 0
            }
        }
        return messages.count
    }
}
