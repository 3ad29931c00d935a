import Foundation
import SkipRNN
import Testing
import ZeroMQ

/// `skipctl record` and `skipctl replay` into a daemon, with the real one.
@Suite("skipctl record and replay into a daemon")
struct RecordTests {
    /// A real daemon; its endpoints are sockets in a folder of its own.
    private final class Daemon {
        let folder: TemporaryFolder
        let program: RunningProgram
        var configuration: String { folder.path("skipd.toml") }
        /// Where samples go: by tcp, since over ipc libzmq gives up what the kernel still holds when a sender is through.
        private(set) var ingest = ""
        /// skipctl's options for it.
        var destination: [String] { ["--ingest", ingest, "--pattern", "pull", "--config", configuration] }

        init(results: String = "", route: String = "emit = \"update\"") throws {
            folder = try TemporaryFolder()
            _ = try folder.write("""
                [ingest]
                bind = ["tcp://127.0.0.1:*"]
                pattern = "pull"
                [results]
                bind = ["ipc://\(folder.path("results"))"]
                \(results)
                [control]
                bind = "ipc://\(folder.path("control"))"
                [http]
                listen = ""
                [state]
                directory = ""
                [[model]]
                name = "watch"
                path = "\(Bundled.model)"
                [[route]]
                match = "watch/**"
                model = "watch"
                \(route)
                """, to: "skipd.toml")
            program = try RunningProgram("skipd", ["--config", folder.path("skipd.toml")])
            #expect(try eventually { try skipctl("status", "--json", "--config", configuration).status == 0 })
            ingest = try #require((try status()["ingest"] as? [String])?.first)
        }

        func send(_ arguments: [String]) throws -> RunningProgram.Outcome { try RunningProgram("skipctl", arguments + destination).finish() }

        func status() throws -> [String: Any] { try #require(try skipctl("status", "--json", "--config", configuration).objects().first) }

        func record(_ arguments: [String]) throws -> RunningProgram {
            let before = try status()["subscriptions"] as? Int ?? 0
            let program = try RunningProgram("skipctl", ["record", folder.path("recorded.safetensors"), "--config", configuration, "--wait", "2m"] + arguments)
            #expect(try eventually { try status()["subscriptions"] as? Int ?? 0 > before })
            return program
        }
    }

    @Test("what was recorded is what was sent, by stream and sequence; played again it gives the same results")
    func roundTrip() throws {
        let daemon = try Daemon()
        let sent = try Recordings(contentsOf: Bundled.recordings)
        let total = sent.lengths.reduce(0, +)
        let recorder = try daemon.record(["--count", "\(total)", "--json"])
        #expect(try daemon.send(["pub", "watch/{}", Bundled.recordings, "--batch", "7"]).status == 0)
        let outcome = recorder.finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
        #expect(try outcome.objects().first?["timesteps"] as? Int == total)
        let path = daemon.folder.path("recorded.safetensors")
        let recorded = try Recordings(contentsOf: path)
        #expect(recorded.groupNames.sorted() == (0..<7).map { "watch/\($0)" })
        #expect(recorded.featureCount == 6 && recorded.sampleRate == sent.sampleRate && recorded.channels == sent.channels)
        for (index, name) in recorded.groupNames.enumerated() {
            let number = try #require(Int(name.dropFirst("watch/".count)))
            let place = try #require(recorded.groups?.firstIndex(of: index))
            #expect(Array(recorded.samples[(recorded.ranges[place].lowerBound * 6)..<(recorded.ranges[place].upperBound * 6)]) == Array(sent.samples[(sent.ranges[number].lowerBound * 6)..<(sent.ranges[number].upperBound * 6)]))
        }

        // Two plays of the same give the same results, whatever their speed.
        var played: [[String: [String]]] = []
        for speed in ["0", "200"] {
            let tail = try RunningProgram("skipctl", ["tail", "--config", daemon.configuration, "--wait", "60s", "--format", "{stream} {seq} {label} {p} {final}", "watch/3"])
            let before = try daemon.status()["timesteps"] as? [String: Int] ?? [:]
            #expect(try eventually { try daemon.status()["subscriptions"] as? Int ?? 0 > 0 })
            #expect(try daemon.send(["replay", path, "--speed", speed]).status == 0)
            #expect(try eventually {
                let now = try daemon.status()["timesteps"] as? [String: Int] ?? [:]
                return ["updated", "skipped"].reduce(0) { $0 + (now[$1] ?? 0) - (before[$1] ?? 0) } == total
            })
            #expect(eventually { tail.output.contains("\(sent.lengths[3] - 1) ") })
            tail.signal(SIGTERM)
            played.append(["lines": tail.finish().lines])
        }
        #expect(played[0] == played[1] && (played[0]["lines"]?.count ?? 0) > 10)
    }

    @Test("timesteps that never came are recorded without values, and left out again when played")
    func gaps() throws {
        let daemon = try Daemon()
        let recorder = try daemon.record(["watch/x", "--count", "12", "--label", "walk", "--rate", "25"])
        let device = try Socket(.push, in: Context())
        try device.connect(daemon.ingest)
        func send(_ stream: String, _ seq: UInt64, count: UInt16, flags: UInt8 = 8) throws {
            var bytes = Array(stream.utf8) + [0, 0x53, 0x4B, 1, flags, 0, 0]
            withUnsafeBytes(of: count.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: seq.littleEndian) { bytes += $0 }
            bytes += [UInt8](repeating: 0, count: 8) + [9, 0, 0, 0, 0, 0, 0, 0]
            for index in 0..<Int(count) * 6 { withUnsafeBytes(of: Float(Int(seq) * 6 + index)) { bytes += $0 } }
            #expect(try device.send(bytes, wait: true))
        }
        try send("watch/x", 0, count: 4)
        try send("watch/y", 0, count: 4)
        // Three are missing, one is repeated, and a sequence ends.
        try send("watch/x", 7, count: 2)
        try send("watch/x", 8, count: 2, flags: 8 | 2)
        try send("watch/x", 10, count: 5)
        let outcome = recorder.finish()
        #expect(outcome.status == 0 && outcome.output.contains("2 recordings of 1 stream, 12 timesteps, 3 more never came"), "\(outcome.output)\(outcome.error)")
        let recorded = try Recordings(contentsOf: daemon.folder.path("recorded.safetensors"))
        #expect(recorded.lengths == [10, 5] && recorded.labels == ["walk"] && recorded.classes == [0, 0] && recorded.sampleRate == 25)
        let values: [Float] = (0..<4 * 6).map { Float($0) } + [Float](repeating: .nan, count: 18) + (42..<90).map { Float($0) }
        #expect(zip(recorded.samples, values).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } && recorded.samples.count == values.count)

        let before = try daemon.status()["timesteps"] as? [String: Int] ?? [:]
        #expect(try daemon.send(["replay", daemon.folder.path("recorded.safetensors"), "--stream", "watch/again", "--speed", "0"]).status == 0)
        #expect(try eventually {
            let now = try daemon.status()["timesteps"] as? [String: Int] ?? [:]
            func more(_ fate: String) -> Int { (now[fate] ?? 0) - (before[fate] ?? 0) }
            return more("updated") + more("skipped") == 12 && more("omitted") + more("lost") == 3
        })
    }

    @Test("messages that nobody has checked end no recording, and don't say how wide it is")
    func hostile() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let configuration = try folder.write("[[model]]\nname = \"watch\"\npath = \"\(Bundled.model)\"\n[[route]]\nmatch = \"watch/**\"\nmodel = \"watch\"\n", to: "skipd.toml")
        let recorder = try RunningProgram("skipctl", ["record", folder.path("recorded.safetensors"), "--config", configuration, "--results", daemon.endpoint, "--count", "1", "--wait", "1m"])
        _ = try daemon.subscriptions(1)
        for (header, payload) in [
            (#"{"dtype": "<f8", "shape": [2147483647, 2147483647]}"#, 8), (#"{"dtype": "<f4", "shape": [2147483647, 2147483647]}"#, 0),
            (#"{"dtype": "<f4", "shape": [0, 99]}"#, 0), ("S", 24), (#"{"dtype": "<f4", "shape": [1, 6], "seq": 9007199254740991}"#, 24),
        ] {
            #expect(try daemon.socket.sendMultipart([Array("sample/watch/1".utf8), Array(header.utf8), [UInt8](repeating: 0, count: payload)]))
        }
        let outcome = recorder.finish()
        #expect(outcome.status == 0 && outcome.output.contains("1 recording of 1 stream, 1 timestep\n"), "\(outcome.output)\(outcome.error)")
        #expect(outcome.error.contains("3 messages are none of skipd's protocol"), "\(outcome.error)")
    }

    @Test("samples are passed on only where they may be, and only to those who ask for them")
    func permission() throws {
        let daemon = try Daemon(results: "samples = false")
        let refused = try skipctl("record", daemon.folder.path("x"), "--config", daemon.configuration)
        #expect(refused.status == 1 && refused.error == "skipctl: the daemon passes no samples on; set samples = true in [results] and restart it\n")
        let stubborn = try RunningProgram("skipctl", ["record", daemon.folder.path("x"), "--results", "ipc://\(daemon.folder.path("results"))", "--config", daemon.configuration, "--wait", "1s"])
        let tail = try RunningProgram("skipctl", ["tail", "-n", "1", "--config", daemon.configuration])
        #expect(try eventually { try daemon.status()["subscriptions"] as? Int == 1 })
        #expect(try daemon.send(["pub", "watch/7", Bundled.recordings, "--recording", "0", "--batch", "50"]).status == 0)
        #expect(tail.finish().status == 0)
        let outcome = stubborn.finish()
        #expect(outcome.status == 2 && outcome.error == "skipctl: nothing was recorded, no file was written\n")
        #expect(!FileManager.default.fileExists(atPath: daemon.folder.path("x")))
    }

    @Test("a file that names no streams is played to the one that is named, or refused with a sentence")
    func unnamed() throws {
        let outcome = try skipctl("replay", Bundled.recordings)
        #expect(outcome.status == 1 && outcome.error.contains("doesn't say which streams it was recorded from; give --stream, or --model to run it offline"))
    }
}
