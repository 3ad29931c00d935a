import Foundation
import Testing

/// Hints that tell an eavesdropper less.
@Suite struct HintTests {
    private struct Hint: Decodable {
        let stream: String
        let boot: Int
        let next_seq: Int
    }

    @Test("with hint_every = 10 every hint is a multiple of 10, and never later than the exact one", arguments: [10, 7])
    func quantised(every: Int) throws {
        func hints(_ route: String) throws -> [Hint] {
            let daemon = try RunningDaemon(route: "emit = \"end\"\nhints = true\n\(route)")
            let subscriber = try Subscriber(daemon, prefixes: ["hint/", "result/"])
            let device = try Device(daemon.ingest[0], in: daemon.context)
            let values = Bundled.recording(1)
            for timestep in 0..<(values.count / 6) {
                try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), boot: 7, end: timestep == values.count / 6 - 1))
            }
            return try subscriber.receiveAll(until: "\"final\":true").filter { $0.topic == "hint/watch/1" }.map { try JSONDecoder().decode(Hint.self, from: Data($0.body.utf8)) }
        }
        let exact = try hints("")
        let coarse = try hints("hint_every = \(every)")
        #expect(coarse.count == exact.count && exact.count > 10)
        #expect(exact.contains { $0.next_seq % every != 0 })
        for (exact, coarse) in zip(exact, coarse) { #expect(coarse.next_seq == exact.next_seq / every * every && coarse.boot == 7) }
    }
}
