import Foundation
import Testing
import ZeroMQ

/// States on disk, as an operator sees them.
@Suite(.serialized) struct CheckpointControlTests {
    private func send(_ daemon: RunningDaemon, stream: String = "watch/1", from start: Int, count: Int) throws {
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let before = try daemon.status()["messages"]
        let values = Bundled.recording(0)
        try device.send(Sample(stream: stream, values: Array(values[(start * 6)..<((start + count) * 6)]), seq: UInt64(start), ts: 0, boot: 1))
        try daemon.waitForStatus("the sample") { $0["messages"] == before + 1 }
    }

    @Test("checkpoint writes everything up to the request, status says when and how long it took, and kill -9 after it loses nothing")
    func request() throws {
        var keeper = try KeepingDaemon()
        keeper.interval = "24h"
        defer { keeper.remove() }
        let daemon = try keeper.start()
        try send(daemon, from: 0, count: 50)
        let reply = try daemon.ask("{\"op\":\"checkpoint\"}")
        #expect(reply["ok"] as? Bool == true)
        #expect(reply["streams"] as? Int == 1)
        let checkpoint = try daemon.status().reply["checkpoint"] as? [String: Any]
        #expect(checkpoint?["written"] as? Int == 1)
        #expect(checkpoint?["failed"] as? Int == 0)
        #expect(checkpoint?["age_s"] as? Double ?? -1 >= 0)
        #expect(checkpoint?["duration_s"] as? Double ?? -1 > 0)
        let before = try daemon.stream("watch/1")
        daemon.signal(SIGKILL)
        #expect(daemon.waitForEnd() == -SIGKILL)
        let after = try keeper.start()
        #expect(try after.stream("watch/1") == before)
        #expect(after.log.contains("restored 1 stream in"))
        // Nothing has changed since, so nothing is written.
        #expect(try after.ask("{\"op\":\"checkpoint\"}")["streams"] as? Int == 0)
    }

    @Test("a stop keeps what came last")
    func stop() throws {
        var keeper = try KeepingDaemon()
        keeper.interval = "24h"
        defer { keeper.remove() }
        let daemon = try keeper.start()
        try send(daemon, from: 0, count: 70)
        let before = try daemon.stream("watch/1")
        #expect(daemon.stop() == 0)
        #expect(keeper.files == ["lock", "state.sqlite"])
        let after = try keeper.start()
        #expect(try after.stream("watch/1") == before)
    }

    @Test("a state of other weights is not used, and the log says so")
    func otherWeights() throws {
        let keeper = try KeepingDaemon()
        defer { keeper.remove() }
        let daemon = try keeper.start()
        try send(daemon, from: 0, count: 70)
        #expect(daemon.stop() == 0)
        let changed = try Bundled.changedModel(in: keeper.states)
        let after = try keeper.start(model: changed.path)
        #expect(after.log.contains("1 of them begin anew"))
        #expect(try after.stream("watch/1")["updates"] == "0")
        #expect(try after.stream("watch/1")["next_seq"] == "70")
    }

    @Test("without a directory there are no checkpoints, and the reply says why")
    func none() throws {
        let daemon = try RunningDaemon()
        let reply = try daemon.ask("{\"op\":\"checkpoint\"}")
        #expect(reply["ok"] as? Bool == false)
        #expect(reply["error"] as? String == "this skipd keeps no checkpoints: [state] directory is empty, streams' states live in memory only")
        #expect(try daemon.status().reply["checkpoint"] == nil)
    }

    @Test("a second daemon with the same directory does not start")
    func second() throws {
        let keeper = try KeepingDaemon()
        defer { keeper.remove() }
        let daemon = try keeper.start()
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = RunningDaemon.configuration(folder).replacingOccurrences(of: "directory = \"\"", with: "directory = \"\(keeper.states)\"")
        try text.write(toFile: folder + "/skipd.toml", atomically: true, encoding: .utf8)
        let second = try Run(Files.program("skipd"), ["--config", folder + "/skipd.toml"])
        #expect(second.status == 1)
        #expect(second.errors.contains("another skipd keeps its states in \(keeper.states)"))
        #expect(daemon.isRunning)
    }

    @Test("a damaged store is kept under a name that says so, and the daemon starts with what could be read")
    func damaged() throws {
        var keeper = try KeepingDaemon()
        keeper.interval = "24h"
        defer { keeper.remove() }
        let daemon = try keeper.start()
        for stream in 0..<200 { try send(daemon, stream: "watch/\(stream)", from: 0, count: 30) }
        #expect(daemon.stop() == 0)
        let file = keeper.states + "/state.sqlite"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        // In the last page, which is one of records.
        bytes[bytes.count - 700] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let after = try keeper.start()
        #expect(after.log.contains("the stored states are damaged"))
        #expect(keeper.files.contains { $0.hasPrefix("state.damaged-20") })
        let streams = try after.status()["streams"]
        #expect(streams < 200 && streams > 150, "\(streams)")
        // It is stored at once: the damaged file is not needed any more.
        try after.waitForStatus("what was read to be stored") { ($0.reply["checkpoint"] as? [String: Any])?["streams"] as? Int == 200 }
        after.signal(SIGKILL)
        _ = after.waitForEnd()
        let again = try keeper.start()
        #expect(try again.status()["streams"] == streams)
    }

    @Test("where the disk can't be written the daemon goes on and says so, and the next checkpoint tries again")
    func unwritable() throws {
        let keeper = try KeepingDaemon()
        defer { keeper.remove() }
        // A file where the folder should be: nobody can write there, not even root.
        try FileManager.default.removeItem(atPath: keeper.states)
        try Data().write(to: URL(fileURLWithPath: keeper.states))
        let daemon = try keeper.start()
        // There is nothing to write yet, which doesn't make the disk a good one.
        _ = try daemon.ask("{\"op\":\"checkpoint\"}")
        let checkpoint = try daemon.status().reply["checkpoint"] as? [String: Any]
        #expect(checkpoint?["error"] is String)
        #expect(!daemon.log.contains("checkpoints are written again"))
        try send(daemon, from: 0, count: 70)
        let reply = try daemon.ask("{\"op\":\"checkpoint\"}")
        #expect(reply["ok"] as? Bool == false)
        #expect((reply["error"] as? String)?.contains(keeper.states) == true, "\(reply)")
        try daemon.waitForStatus("the failure") { ($0.reply["checkpoint"] as? [String: Any])?["error"] is String }
        try FileManager.default.removeItem(atPath: keeper.states)
        #expect(try daemon.ask("{\"op\":\"checkpoint\"}")["ok"] as? Bool == true)
        try daemon.waitForLog("checkpoints are written again")
        let before = try daemon.stream("watch/1")
        #expect(daemon.stop() == 0)
        #expect(try keeper.start().stream("watch/1") == before)
    }

    @Test("a state folder that somebody removes while skipd runs is made anew, with all states in it")
    func removed() throws {
        var keeper = try KeepingDaemon()
        keeper.interval = "1h"
        defer { keeper.remove() }
        let daemon = try keeper.start()
        try send(daemon, from: 0, count: 70)
        #expect(try daemon.ask("{\"op\":\"checkpoint\"}")["ok"] as? Bool == true)
        try FileManager.default.removeItem(atPath: keeper.states)
        try send(daemon, from: 70, count: 10)
        // The first one finds that it has to store everything anew, and says so.
        _ = try daemon.ask("{\"op\":\"checkpoint\"}")
        #expect(try daemon.ask("{\"op\":\"checkpoint\"}")["ok"] as? Bool == true)
        let before = try daemon.stream("watch/1")
        #expect(daemon.stop() == 0)
        #expect(try keeper.start().stream("watch/1") == before)
    }
}
