import Foundation
import Glibc
import Testing

/// Every command that talks to a daemon, against a real one.
@Suite("skipctl and a running skipd")
struct RunningDaemonTests {
    /// A daemon with its sockets in a folder of the test's.
    private final class Daemon {
        let folder: TemporaryFolder
        let configuration: String
        private var program: RunningProgram

        init(_ ingest: String = "", _ route: String = "emit = \"end\"") throws {
            folder = try TemporaryFolder()
            configuration = try folder.write(
                """
                [ingest]
                bind = ["ipc://\(folder.path("ingest"))"]
                \(ingest)
                [results]
                bind = ["ipc://\(folder.path("results"))"]
                [control]
                bind = "ipc://\(folder.path("control"))"
                [http]
                listen = ""
                [state]
                directory = "\(folder.path("state"))"
                [[model]]
                name = "watch"
                path = "\(Bundled.model)"
                [[route]]
                match = "watch/**"
                model = "watch"
                \(route)

                """, to: "skipd.toml")
            program = try RunningProgram("skipd", ["--config", configuration])
            try waitUntilReady()
        }

        func waitUntilReady() throws {
            #expect(try eventually { try ctl("status", "--json").status == 0 }, "\(program.error)")
        }

        func restart() throws {
            program.signal(SIGTERM)
            #expect(program.finish().status == 0)
            program = try RunningProgram("skipd", ["--config", configuration])
            try waitUntilReady()
        }

        func ctl(_ arguments: String..., input: String = "") throws -> RunningProgram.Outcome {
            try RunningProgram("skipctl", arguments + ["--config", configuration], input: input).finish()
        }

        func start(_ arguments: String...) throws -> RunningProgram { try RunningProgram("skipctl", arguments + ["--config", configuration]) }

        func status() throws -> [String: Any] { try #require(try ctl("status", "--json").objects().first) }
        func timesteps() throws -> [String: Int] { try #require(try status()["timesteps"] as? [String: Int]) }

        /// Waits until the daemon has heard of a subscriber.
        func subscribed(_ count: Int = 1) throws { #expect(try eventually { (try status()["subscriptions"] as? Int ?? 0) >= count }) }
    }

    @Test("what pub sends, tail shows as replay has it", arguments: ["pattern = \"sub\"", "pattern = \"pull\""])
    func roundTrip(ingest: String) throws {
        let daemon = try Daemon(ingest)
        let tail = try daemon.start("tail", "--json", "--count", "7", "watch")
        try daemon.subscribed()
        #expect(try daemon.ctl("pub", "watch/{}", Bundled.recordings, "--batch", "50").status == 0)
        let results = try tail.finish().objects()
        let finals = try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--sequence", "200", "--json").objects()
        for result in results {
            let recording = try #require((result["stream"] as? String).flatMap { Int($0.dropFirst("watch/".count)) })
            let expected = try #require(finals.first { $0["recording"] as? Int == recording && $0["seq"] as? Int == result["seq"] as? Int })
            for key in ["label", "p", "updates", "timesteps"] { #expect("\(result[key] ?? "")" == "\(expected[key] ?? "-")", "\(key) of recording \(recording)") }
        }
        #expect(results.count == 7)
        #expect(try eventually { try daemon.timesteps().filter { ["updated", "skipped"].contains($0.key) }.values.reduce(0, +) == 10_662 })
        #expect(try daemon.timesteps()["lost"] == 0 && daemon.timesteps()["stale"] == 0)
    }

    @Test("streams and stream show what runs; reset returns it to the start")
    func streams() throws {
        let daemon = try Daemon()
        for name in ["watch/7", "watch/70", "watch/7/left"] {
            #expect(try daemon.ctl("pub", name, Bundled.recordings, "--recording", "0", "--batch", "1000").status == 0)
        }
        #expect(try eventually { try daemon.timesteps().values.reduce(0, +) == 3 * 1_333 })
        #expect(try daemon.ctl("streams", "watch/7", "--json").objects().compactMap { $0["stream"] as? String }.sorted() == ["watch/7", "watch/7/left"])
        #expect(try daemon.ctl("streams", "--sort", "name", "--json").objects().compactMap { $0["stream"] as? String } == ["watch/7", "watch/7/left", "watch/70"])
        #expect(try daemon.ctl("streams").lines.count == 4)
        #expect(try daemon.ctl("streams", "nobody").status == 2)
        #expect(try daemon.ctl("pub", "watch/7", "--append", input: "ax,ay,az,wx,wy,wz\n1,2,3,4,5,6\n").status == 0)
        #expect(try eventually { try daemon.ctl("stream", "watch/7", "--json").objects().first?["timesteps"] as? Int == 1 })
        #expect(try daemon.ctl("stream", "watch/7").output.contains("1 of 1 timestep read (100.0%)"))
        #expect(try daemon.ctl("reset", "watch/7").output == "1 stream reset\n")
        #expect(try daemon.ctl("stream", "watch/7", "--json").objects().first?["timesteps"] as? Int == 0)
        #expect(try daemon.ctl("reset", "--prefix", "watch/").output == "3 streams reset\n")
        let unknown = try daemon.ctl("stream", "nobody")
        #expect(unknown.status == 2 && unknown.error.hasPrefix("skipctl: ") && unknown.error.contains("nobody"))
        #expect(try daemon.ctl("reset", "nobody").status == 2)
    }

    @Test("what the daemon would drop is not sent: a sentence says what it is")
    func unsuitable() throws {
        let daemon = try Daemon()
        let few = try daemon.ctl("pub", "watch/7", input: "ax,ay\n1,2\n")
        #expect(few.status == 1 && few.error == "skipctl: the stream watch/7 has 2 features a timestep, the model watch, which is its, reads 6; its samples would be dropped\n")
        #expect(try daemon.ctl("pub", "watch/7", "--generate", "sine", "--features", "1", "-n", "1").status == 1)
        for command in [["pub", "elsewhere/{}", Bundled.recordings], ["replay", Bundled.recordings, "--stream", "elsewhere/{}", "--speed", "0"]] {
            let elsewhere = try RunningProgram("skipctl", command + ["--config", daemon.configuration]).finish()
            #expect(elsewhere.status == 1 && elsewhere.error == "skipctl: no route of skipd matches the stream elsewhere/0, so its samples would be dropped; there are watch/**\n")
        }
        // As many features as the model reads, unless told.
        #expect(try daemon.ctl("pub", "watch/7", "--generate", "sine", "--rate", "1e6", "-n", "5").status == 0)
        #expect(try eventually { try daemon.timesteps().values.reduce(0, +) == 5 })
        let dropped = try #require(try daemon.status()["dropped"] as? [String: Int])
        #expect(dropped.values.allSatisfy { $0 == 0 })
        // Who names another place than the configuration's is not second-guessed.
        #expect(try daemon.ctl("pub", "watch/7", "--generate", "sine", "--features", "2", "-n", "1", "--ingest", "ipc://\(daemon.folder.path("ingest"))").status == 0)
        #expect(try eventually { (try daemon.status()["dropped"] as? [String: Int])?["malformed"] == 1 })
    }

    @Test("a device that follows hints sends less, and the results are those of one that sends all")
    func followsHints() throws {
        let daemon = try Daemon("", "emit = \"update\"\nhints = true")
        let tail = try daemon.start("tail", "--format", "{seq} {label} {p} {updates} {timesteps} {final}", "watch/sleepy")
        try daemon.subscribed()
        let sleepy = try daemon.ctl("pub", "watch/sleepy", Bundled.recordings, "--recording", "0", "--speed", "10", "--follow-hints", "--json")
        let saved = try #require(try sleepy.objects().first)
        #expect(saved["timesteps"] as? Int == 1_333)
        let silent = try #require(saved["never_sent"] as? Int)
        #expect(silent > 0 && (saved["bytes"] as? Int ?? 0) < (saved["bytes_without_hints"] as? Int ?? 0))
        #expect(try eventually { try daemon.timesteps()["omitted"] == silent })
        #expect(try daemon.timesteps()["lost"] == 0)
        #expect(try daemon.ctl("stream", "watch/sleepy").output.contains("\(silent > 999 ? "1,\(String(silent).suffix(3))" : "\(silent)") never sent and not missed, 0 lost"))
        let expected = try Daemon("", "emit = \"update\"")
        let other = try expected.start("tail", "--format", "{seq} {label} {p} {updates} {timesteps} {final}", "watch/all")
        try expected.subscribed()
        #expect(try expected.ctl("pub", "watch/all", Bundled.recordings, "--recording", "0", "--batch", "50").status == 0)
        #expect(eventually { other.output.contains("1332 ") && other.output.split(separator: "\n").count == tail.output.split(separator: "\n").count })
        #expect(tail.output == other.output)
    }

    @Test("a route's stretch and a stream's own are set while it runs; a reload takes the route's back")
    func stretch() throws {
        let daemon = try Daemon("", "emit = \"update\"\nbudget = { updates_per_second = 1000000 }")
        #expect(try daemon.ctl("pub", "watch/7", input: "ax,ay,az,wx,wy,wz\n1,2,3,4,5,6\n").status == 0)
        #expect(try eventually { try daemon.ctl("stream", "watch/7").status == 0 })
        #expect(try daemon.ctl("route", "set", "watch/**", "stretch=4", "--json").objects().first?["stretch"] as? Int == 4)
        #expect(try daemon.ctl("stream", "watch/7", "--json").objects().first?["stretch"] as? Int == 4)
        #expect(try daemon.ctl("stream", "watch/7", "--stretch", "2").output.contains("2.0, its own"))
        #expect(try daemon.ctl("stream", "watch/7", "--stretch", "default", "--json").objects().first?["stretch"] as? Int == 4)
        #expect(try daemon.ctl("route").output.contains("4.0 (configured 1.0)"))
        #expect(try daemon.ctl("reload").status == 0)
        #expect(try daemon.ctl("route", "list", "--json").objects().first?["stretch"] as? Int == 1)
        let unknown = try daemon.ctl("route", "set", "elsewhere", "stretch=4")
        #expect(unknown.status == 2 && unknown.error.contains("there is no route \"elsewhere\""))
        #expect(try daemon.ctl("route", "set", "watch/**", "stretch=0.5").status == 64)
        #expect(try daemon.ctl("stream", "nobody", "--stretch", "2").status == 2)
    }

    @Test("streams travel from a drained daemon to another one, and go on as if they had stayed")
    func travels() throws {
        let (stays, source, target) = (try Daemon(), try Daemon(), try Daemon())
        for daemon in [stays, source] {
            #expect(try daemon.ctl("pub", "watch/{}", Bundled.recordings, "--append", "--batch", "50").status == 0)
            #expect(try eventually { try daemon.timesteps().filter { ["updated", "skipped"].contains($0.key) }.values.reduce(0, +) == 10_662 })
            #expect(try daemon.ctl("pub", "watch/0", "--append", input: "ax,ay,az,wx,wy,wz\n1,2,3,4,5,6\n").status == 0)
            #expect(try eventually { try daemon.ctl("stream", "watch/0", "--json").objects().first?["timesteps"] as? Int == 1 })
        }
        #expect(try source.ctl("drain").status == 0)
        let file = source.folder.path("streams.jsonl")
        #expect(try source.ctl("streams", "export", "-o", file).status == 0)
        #expect(try source.ctl("streams", "export", "nobody").status == 2)
        #expect(try target.ctl("streams", "import", file).output == "7 streams imported\n")
        for name in ["watch/0", "watch/6"] {
            func facts(_ daemon: Daemon) throws -> String { try daemon.ctl("stream", name).lines.filter { !$0.hasPrefix("idle") && !$0.hasPrefix("last read") }.joined(separator: "\n") }
            #expect(try facts(target) == facts(stays))
        }
        let again = try target.ctl("streams", "import", file)
        #expect(again.status == 1 && again.error.contains("watch/3 was refused: there is a stream of that name here already"))
        #expect(try target.ctl("streams", "import", input: "{\"stream\":\"a\",\"record\":\"AAAA\"}\n").status == 1)
        #expect(try target.ctl("streams", "import", input: "nonsense\n").error.contains("standard input:1: is not a line"))
    }

    @Test("events and hints are followed as well")
    func eventsAndHints() throws {
        let daemon = try Daemon("", "emit = \"update\"\nhints = true")
        let tail = try daemon.start("tail", "--hints", "--events", "--format", "{kind} {stream} {event}", "-n", "2")
        try daemon.subscribed(2)
        #expect(try daemon.ctl("pub", "watch/1", input: "ax,ay,az,wx,wy,wz\n1,2,3,4,5,6\n").status == 0)
        #expect(eventually { tail.output.contains("hint watch/1") })
        #expect(try daemon.ctl("reset", "watch/1").status == 0)
        #expect(tail.finish().lines == ["hint watch/1 ", "event watch/1 reset"])
    }

    @Test("tail and pub survive the daemon's restart")
    func restart() throws {
        let daemon = try Daemon()
        let tail = try daemon.start("tail", "--format", "{stream}", "-n", "2")
        for (number, stream) in ["watch/1", "watch/2"].enumerated() {
            try daemon.subscribed()
            #expect(try daemon.ctl("pub", stream, "--end", input: "ax,ay,az,wx,wy,wz\n1,2,3,4,5,6\n").status == 0)
            #expect(eventually { tail.output.split(separator: "\n").count == number + 1 })
            if number == 0 { try daemon.restart() }
        }
        #expect(tail.finish().lines == ["watch/1", "watch/2"])
    }

    @Test("reload, checkpoint and drain act on it; a configuration that is wrong changes nothing")
    func operations() throws {
        let daemon = try Daemon()
        #expect(try daemon.ctl("reload").output == "1 model and 1 route in force\n")
        #expect(try daemon.ctl("checkpoint").status == 0)
        let text = try String(contentsOfFile: daemon.configuration, encoding: .utf8)
        try Data((text + "\ncolour = \"blue\"\n").utf8).write(to: URL(filePath: daemon.configuration))
        let refused = try RunningProgram("skipctl", ["reload", "--control", "ipc://\(daemon.folder.path("control"))"]).finish()
        #expect(refused.status == 1 && refused.error.contains("colour"))
        try Data(text.utf8).write(to: URL(filePath: daemon.configuration))
        let drained = try daemon.ctl("drain")
        #expect(drained.status == 0 && drained.output.contains("nothing is left"))
        #expect(try daemon.status()["state"] as? String == "drained")
        #expect(try daemon.ctl("status").output.contains("drained"))
    }
}
