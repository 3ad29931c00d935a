import Foundation
import Testing
import ZeroMQ

@Suite("skipctl and the control socket")
struct ControlTests {
    private let status = #"{"ok":true,"version":"0.1.0","uptime_s":11045.5,"state":"running","streams":200,"messages":12345,"timesteps":{"updated":200,"skipped":700,"omitted":100,"lost":3,"stale":2,"rejected":1},"dropped":{"malformed":2,"unknown_route":0,"wrong_features":1},"results":50,"evicted":0,"expired":0,"lag_s":0.0015,"models":[{"name":"watch","identity":"3c34796307158d25","streams":200,"updates":200}],"subscriptions":1,"ingest":["tcp://127.0.0.1:5570"],"results_endpoints":["tcp://127.0.0.1:5571"],"configuration":"/etc/skipd/skipd.toml","reloads":0,"failed_reloads":0}"#

    private func stream(_ name: String) -> String {
        #"{"stream":"\#(name)","model":"watch","label":"ABD","p":0.9312,"next_seq":200,"due_seq":231,"boot":7,"timesteps":200,"updates":41,"n":12,"omitted":5,"lost":1,"update_probability_increment":0.016,"cumulative_update_probability":0.128,"time":"2026-11-22T23:00:00.123456789Z","idle_s":75,"shard":3}"#
    }

    /// Runs skipctl against canned replies.
    /// - Parameter later: an answer to the first request that got none, asked for again and again.
    private func run(_ arguments: [String], _ reply: ([String: Any]) -> String?, later: () -> String? = { nil }) throws -> RunningProgram.Outcome {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.router, folder)
        defer { withExtendedLifetime(folder) {} }
        return try daemon.answer(try RunningProgram("skipctl", arguments + ["--control", daemon.endpoint]), reply, later: later)
    }

    @Test("status, for programs and for people")
    func statuses() throws {
        let json = try run(["status", "--json"]) { $0["op"] as? String == "status" ? status : nil }
        #expect(json.status == 0 && json.output == status + "\n")
        let text = try run(["status"]) { _ in status }
        #expect(text.status == 0)
        for part in ["0.1.0, running, up 3h 4m", "12,345, 0/s", "903 arrived", "20.0%; 200 updated, 700 skipped, 100 never sent", "3 timesteps lost, 2 stale, 1 rejected", "2 messages malformed, 1 message wrong_features", "0.002 s", "3c34796307158d25"] {
            #expect(text.output.contains(part), "\(part) in \(text.output)")
        }
    }

    @Test("streams asks page by page and keeps to what was meant")
    func streams() throws {
        func pages(_ request: [String: Any]) -> String? {
            #expect(request["op"] as? String == "streams" && request["prefix"] as? String == "watch/7")
            if request["cursor"] == nil { return #"{"ok":true,"streams":[\#(stream("watch/7")),\#(stream("watch/70"))],"cursor":42}"# }
            #expect(request["cursor"] as? Int == 42)
            return #"{"ok":true,"streams":[\#(stream("watch/7/left"))]}"#
        }
        let json = try run(["streams", "watch/7", "--json"], pages)
        #expect(json.status == 0 && json.output == stream("watch/7") + "\n" + stream("watch/7/left") + "\n")
        let table = try run(["streams", "watch/7"], pages)
        #expect(table.lines.count == 3 && table.lines[1].split(separator: " ", omittingEmptySubsequences: true) == ["watch/7", "watch", "ABD", "0.931", "41", "200", "20.5%", "1", "1m", "15s"])
        #expect(try run(["streams", "watch/7", "--limit", "1", "--json"], pages).lines.count == 1)
        #expect(try run(["streams", "--sort", "-updates"]) { $0["sort"] as? String == "-updates" ? #"{"ok":true,"streams":[]}"# : nil }.status == 0)
        let none = try run(["streams", "nobody"]) { _ in #"{"ok":true,"streams":[]}"# }
        #expect(none.status == 2 && none.error == "skipctl: no stream matches nobody\n" && none.output.isEmpty)
    }

    @Test("stream shows what is expected next")
    func oneStream() throws {
        let reply = stream("watch/7").dropLast() + #","ok":true}"#
        let text = try run(["stream", "watch/7"]) { $0["stream"] as? String == "watch/7" ? String(reply) : nil }
        for part in ["ABD 0.931", "41 of 200 timesteps read (20.5%)", "at 231, after 31 timesteps more", "Δũ = 0.016, ũ = 0.128"] { #expect(text.output.contains(part), "\(part) in \(text.output)") }
        #expect(try run(["stream", "watch/7", "--json"]) { _ in String(reply) }.output == reply + "\n")
    }

    @Test("reset, reload, checkpoint and drain ask and tell")
    func actions() throws {
        let one = try run(["reset", "watch/7"]) { $0["stream"] as? String == "watch/7" && $0["prefix"] == nil ? #"{"ok":true,"reset":1}"# : nil }
        #expect(one.status == 0 && one.output == "1 stream reset\n")
        let many = try run(["reset", "--prefix", ""]) { $0["prefix"] as? String == "" ? #"{"ok":true,"reset":1200}"# : nil }
        #expect(many.output == "1,200 streams reset\n")
        #expect(try run(["reset", "--prefix", "x"]) { _ in #"{"ok":true,"reset":0}"# }.status == 2)
        let reload = try run(["reload"]) { _ in #"{"ok":true,"models":1,"routes":2,"warnings":["no route names the model old"]}"# }
        #expect(reload.output == "1 model and 2 routes in force\n" && reload.error == "skipctl: warning: no route names the model old\n")
        #expect(try run(["checkpoint"]) { _ in #"{"ok":true}"# }.output == "checkpoint written\n")
        #expect(try run(["drain"]) { _ in #"{"ok":true,"messages":5,"empty":true}"# }.output == "5 messages worked off, nothing is left\n")
        #expect(try run(["drain", "--json"]) { _ in #"{"ok":true,"messages":5,"empty":false}"# }.status == 2)
    }

    @Test("the daemon's own sentence is passed on, with status 1")
    func refusal() throws {
        let outcome = try run(["stream", "nobody"]) { _ in #"{"ok":false,"error":"there is no stream nobody"}"# }
        #expect(outcome.status == 1 && outcome.error == "skipctl: there is no stream nobody\n" && outcome.output.isEmpty)
    }

    @Test("what isn't there is told with status 2")
    func notFound() throws {
        let outcome = try run(["stream", "nobody"]) { _ in #"{"ok":false,"error":"there is no stream nobody","found":false}"# }
        #expect(outcome.status == 2 && outcome.error == "skipctl: there is no stream nobody\n" && outcome.output.isEmpty)
    }

    @Test("a reload that takes longer than a sign of life is waited for as long as the daemon answers others")
    func longReload() throws {
        var reloading: Date?
        let patient = try run(["reload"]) { request in
            if request["op"] as? String == "status" { return status }
            reloading = .now
            return nil
        } later: { reloading.map { $0.timeIntervalSinceNow < -6 } == true ? #"{"ok":true,"models":1,"routes":2,"warnings":[]}"# : nil }
        #expect(patient.status == 0 && patient.output == "1 model and 2 routes in force\n" && patient.error.isEmpty)
    }

    @Test("what isn't done within --timeout goes on, and isn't taken for a daemon that isn't there")
    func timeout() throws {
        let outcome = try run(["reload", "--timeout", "200ms"]) { $0["op"] as? String == "status" ? status : nil }
        #expect(outcome.status == 2 && outcome.error == "skipctl: skipd is still busy with reload and goes on; give it more than this --timeout\n")
        let dead = try run(["reload", "--timeout", "200ms"]) { _ in nil }
        #expect(dead.status == 1 && dead.error.contains("no skipd answers at ipc://"))
    }

    @Test("what answers but isn't skipd, or another version, is said to be so", arguments: [
        ("hello", "is not skipd"), (#"{"ok":1}"#, "is not skipd"), (#"["ok"]"#, "is not skipd"), (#"{"ok":true,"reset":"many"}"#, "are both of one version?"),
    ])
    func strangers(reply: String, sentence: String) throws {
        let outcome = try run(["reset", "x"]) { _ in reply }
        #expect(outcome.status == 1 && outcome.error.contains(sentence) && outcome.error.split(separator: "\n").count == 1)
    }

    @Test("a daemon that doesn't answer is not waited for for ever")
    func silence() throws {
        let outcome = try run(["status", "--timeout", "200ms"]) { _ in nil }
        #expect(outcome.status == 1 && outcome.error.contains("no skipd answers at ipc://"))
    }
}
