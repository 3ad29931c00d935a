import Foundation
import Glibc
import Testing
import ZeroMQ

@Suite("skipctl top")
struct TopTests {
    /// A daemon that counts on by itself: every answer has more samples than the one before.
    private final class CountingDaemon {
        let folder: TemporaryFolder
        let endpoint: String
        private let socket: Socket
        private var status = 0
        private var streams = 0
        /// What the last request for streams was ordered by.
        private(set) var sort = ""

        init() throws {
            folder = try TemporaryFolder()
            let socket = try Socket(.router, in: Context())
            try socket.set(.linger, .zero)
            endpoint = "ipc://\(folder.path("control"))"
            try socket.bind(endpoint)
            self.socket = socket
        }

        /// Answers what has been asked.
        func serve() throws {
            while let frames = try socket.receiveMultipart() {
                let request = try #require(try JSONSerialization.jsonObject(with: Data(frames[1])) as? [String: Any])
                let reply: String
                if request["op"] as? String == "status" {
                    status += 1
                    reply = #"{"ok":true,"version":"0.1.0","uptime_s":\#(100 + status),"state":"running","streams":40,"messages":\#(status * 1000),"timesteps":{"updated":\#(status * 250),"skipped":\#(status * 700),"omitted":\#(status * 50),"lost":0,"stale":0,"rejected":0},"dropped":{"malformed":0},"results":\#(status * 10),"evicted":0,"expired":0,"lag_s":0.0015,"models":[{"name":"watch","identity":"3c34796307158d25","streams":40,"updates":200}],"subscriptions":1,"ingest":["tcp://127.0.0.1:5570"],"results_endpoints":["tcp://127.0.0.1:5571"],"configuration":"/etc/skipd/skipd.toml","reloads":0,"failed_reloads":0}"#
                } else {
                    streams += 1
                    sort = request["sort"] as? String ?? ""
                    let list = (0..<40).map { number in
                        // Stream 17 is the busiest one, stream 3 loses most, stream 5 reads most.
                        let name = number == 9 ? "watch/a-very-long-name-of-a-stream-that-does-not-fit-any-terminal-at-all/left" : "watch/s\(number)"
                        return #"{"stream":"\#(name)","model":"watch","label":"L\#(number)","p":0.9312,"next_seq":\#(streams * (number == 17 ? 500 : 100)),"boot":7,"timesteps":200,"updates":\#(number == 5 ? 150 : 41),"n":12,"omitted":5,"lost":\#(number == 3 ? 99 : 1),"update_probability_increment":0.016,"cumulative_update_probability":0.128,"idle_s":0,"shard":0}"#
                    }
                    reply = #"{"ok":true,"streams":[\#(list.joined(separator: ","))]}"#
                }
                _ = try socket.sendMultipart([frames[0], Array(reply.utf8)])
            }
        }

        /// Serves until a condition holds.
        func serve(until condition: () throws -> Bool) throws -> Bool {
            try eventually {
                try serve()
                return try condition()
            }
        }

        func start(_ arguments: [String] = []) throws -> PseudoTerminal {
            try PseudoTerminal(["top", "--control", endpoint, "--interval", "100ms"] + arguments)
        }
    }

    /// Serves until the first stream's line is one of a certain stream.
    private func leads(_ name: String, _ terminal: PseudoTerminal, _ daemon: CountingDaemon) throws -> Bool {
        try daemon.serve { first(terminal) == name }
    }

    private func first(_ terminal: PseudoTerminal) -> String? {
        let picture = terminal.picture
        guard let heading = picture.firstIndex(where: { $0.hasPrefix("stream ") && $0.contains("timesteps/s") }), heading + 1 < picture.count else { return nil }
        return picture[heading + 1].split(separator: " ").first.map { String($0) }
    }

    @Test("rates, update rate, lag and the busiest streams fit 80 columns and 24 rows; keys choose the order")
    func picture() throws {
        let daemon = try CountingDaemon()
        let terminal = try daemon.start()
        #expect(try leads("watch/s17", terminal, daemon), "\(terminal.picture)")
        #expect(daemon.sort == "idle")
        let picture = terminal.picture
        #expect(picture.count == 24 && picture.allSatisfy { $0.count <= 80 }, "\(picture.map(\.count))")
        let text = picture.joined(separator: "\n")
        for part in ["skipd 0.1.0, running, up 1m", "streams 40", "/s", "lag 0.002 s", "update rate  25.0%", "model watch: 40 streams", "q quit", "[rate]", "0.931", "20.5%"] { #expect(text.contains(part), "\(part) in \(text)") }
        terminal.type("l")
        #expect(try leads("watch/s3", terminal, daemon) && daemon.serve { daemon.sort == "-lost" })
        #expect(terminal.picture.last?.contains("[lost]") == true)
        terminal.type("u")
        #expect(try leads("watch/s5", terminal, daemon))
        terminal.type("r")
        #expect(try leads("watch/s17", terminal, daemon))
        terminal.type("n")
        #expect(try leads("watch/a-very-…l-at-all/left", terminal, daemon))
        terminal.type("n")
        #expect(try leads("watch/s8", terminal, daemon))
        terminal.resize(columns: 40, rows: 10)
        terminal.signal(SIGWINCH)
        #expect(try daemon.serve { terminal.picture.count == 10 && terminal.picture.allSatisfy { $0.count <= 40 } })
        terminal.resize(columns: 10, rows: 3)
        terminal.signal(SIGWINCH)
        #expect(try daemon.serve { terminal.picture.count == 3 })
        terminal.type("q")
        #expect(terminal.finish() == 0)
    }

    @Test("however it ends, the terminal is as it was", arguments: ["q", "count", "INT", "TERM", "HUP", "QUIT", "SEGV", "ABRT"])
    func restored(way: String) throws {
        let daemon = try CountingDaemon()
        let terminal = try daemon.start(way == "count" ? ["--count", "2"] : [])
        let before = terminal.settings
        #expect(try daemon.serve { terminal.picture.count == 24 })
        if way != "count" { #expect(terminal.settings != before, "keys come without a return") }
        let signals = ["INT": SIGINT, "TERM": SIGTERM, "HUP": SIGHUP, "QUIT": SIGQUIT, "SEGV": SIGSEGV, "ABRT": SIGABRT]
        if way == "q" { terminal.type("q") }
        if let number = signals[way] { terminal.signal(number) }
        let ended = try daemon.serve { terminal.change() != nil }
        #expect(ended)
        #expect(terminal.finish() == signals[way].map { 128 + $0 } ?? 0)
        #expect(terminal.settings == before)
        let output = terminal.output
        #expect(terminal.timesTaken == 1 && output.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"), "\(output.suffix(80).debugDescription)")
    }

    @Test("stopped at the keyboard it gives the terminal back, and takes it again when it goes on")
    func stopped() throws {
        let daemon = try CountingDaemon()
        let terminal = try daemon.start()
        let before = terminal.settings
        #expect(try daemon.serve { terminal.picture.count == 24 })
        terminal.signal(SIGTSTP)
        #expect(try daemon.serve { terminal.change().map { $0 & 0xFF == 0x7F } ?? false })
        #expect(terminal.settings == before && terminal.output.hasSuffix("\u{1B}[?1049l"))
        terminal.signal(SIGCONT)
        #expect(try daemon.serve { terminal.timesTaken == 2 && terminal.picture.count == 24 })
        terminal.type("q")
        #expect(terminal.finish() == 0 && terminal.settings == before)
    }

    @Test("without a terminal pictures follow each other, or objects; a daemon that goes away is told and waited for")
    func plain() throws {
        let daemon = try CountingDaemon()
        let json = try RunningProgram("skipctl", ["top", "--control", daemon.endpoint, "--interval", "100ms", "--count", "2", "--json"])
        #expect(try daemon.serve { !json.isRunning })
        let outcome = json.finish()
        let objects = try outcome.objects()
        #expect(outcome.status == 0 && objects.count == 2)
        #expect(objects.allSatisfy { ($0["update_rate"] as? Double).map { abs($0 - 0.25) < 1e-9 } ?? false })
        let busiest = try #require(objects.last?["busiest"] as? [[String: Any]])
        #expect(busiest.first?["stream"] as? String == "watch/s17" && busiest.count == 20)
        let text = try RunningProgram("skipctl", ["top", "--control", daemon.endpoint, "--interval", "100ms", "--count", "1"])
        #expect(try daemon.serve { !text.isRunning })
        #expect(text.finish().output.contains("update rate  25.0%") && !text.output.contains("\u{1B}"))
        // Here it is silent from the second answer on.
        let silent = try RunningProgram("skipctl", ["top", "--control", daemon.endpoint, "--interval", "100ms", "--timeout", "300ms"])
        #expect(try daemon.serve { silent.output.contains("stream ") })
        #expect(eventually { silent.output.contains("no skipd answers at") })
        #expect(try daemon.serve { silent.output.split(separator: "no skipd answers").last?.contains("skipd 0.1.0") == true })
        silent.signal(SIGINT)
        #expect(silent.finish().status == 128 + SIGINT)
    }
}
