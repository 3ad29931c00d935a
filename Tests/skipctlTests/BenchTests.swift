import Foundation
import Testing

@Suite("skipctl bench")
struct BenchTests {
    @Test("it measures a daemon of its own, and leaves nothing behind")
    func own() throws {
        let folder = try TemporaryFolder()
        let outcome = try RunningProgram("skipctl", ["bench", "--messages", "2000", "--streams", "20", "--batch", "3", "--rate", "200", "--time", "1s", "--json"], environment: ["TMPDIR": folder.url.path]).finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
        let object = try #require(try outcome.objects().first)
        #expect(object["messages"] as? Int == 2_000 && object["timesteps"] as? Int == 6_000)
        #expect((object["messages_per_s"] as? Double ?? 0) > 0 && (object["results"] as? Int ?? 0) > 0)
        let (median, longest) = (object["latency_p50_s"] as? Double ?? 0, object["latency_max_s"] as? Double ?? 0)
        #expect(median > 0 && median <= longest)
    }

    @Test("a running daemon that isn't there is said to be so")
    func absent() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("[ingest]\nbind = [\"ipc://\(folder.path("none"))\"]\n", to: "skipd.toml")
        let outcome = try skipctl("bench", "--running", "--config", path, "--wait", "100ms")
        #expect(outcome.status == 2 && outcome.error.contains("no skipd takes samples at"))
    }
}
