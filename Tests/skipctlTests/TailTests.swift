import Foundation
import Testing
import ZeroMQ

@Suite("skipctl tail")
struct TailTests {
    /// What `tail` prints of results for these streams.
    private func tailed(_ arguments: [String], subscriptions: Int, of streams: [String]) throws -> [String] {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "--format", "{stream}", "--wait", "30s"] + arguments)
        _ = try daemon.subscriptions(subscriptions)
        for stream in streams { try daemon.publish(stream) }
        return tail.finish().lines
    }

    @Test("a name brings that stream and what lies below it, not one that only begins so", arguments: [
        (["watch/7"], 1, ["watch/7", "watch/7/left"]),
        (["watch/7/"], 1, ["watch/7/left"]),
        (["watch/"], 1, ["watch/7", "watch/70", "watch/7/left", "watch/8"]),
        (["watch"], 1, ["watch/7", "watch/70", "watch/7/left", "watch/8"]),
        (["watch/7*"], 1, ["watch/7", "watch/70"]),
        (["watch/7**"], 1, ["watch/7", "watch/70", "watch/7/left"]),
        (["*/8", "watch/7"], 2, ["watch/7", "watch/7/left", "watch/8"]),
        ([], 1, ["watch/7", "watch/70", "watch/7/left", "watch/8", "watches"]),
    ] as [([String], Int, [String])])
    func selection(arguments: [String], subscriptions: Int, expected: [String]) throws {
        let all = ["watch/7", "watch/70", "watch/7/left", "watch/8", "watches"]
        #expect(try tailed(arguments + ["--count", "\(expected.count)"], subscriptions: subscriptions, of: all) == expected)
    }

    @Test("only what is asked for is subscribed to", arguments: [
        ([], ["result/"]), (["a", "b/*"], ["result/a", "result/b/"]), (["--hints"], ["hint/"]), (["--events", "x"], ["event/x"]),
        (["--hints", "--events"], ["event/", "hint/"]), (["--all", "x"], ["event/x", "hint/x", "result/x"]),
    ] as [([String], [String])])
    func subscriptions(arguments: [String], topics: [String]) throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint] + arguments)
        #expect(try daemon.subscriptions(topics.count) == topics)
        tail.signal(SIGTERM)
        #expect(tail.finish().status == 128 + SIGTERM)
    }

    @Test("labels select results")
    func labels() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "--label", "A", "--label", "B", "--format", "{label}{n}", "-n", "3"])
        _ = try daemon.subscriptions(1)
        for (index, label) in ["A", "C", "B", "AB", "A", "A"].enumerated() { try daemon.publish("s", n: index, label: label) }
        #expect(tail.finish().lines == ["A0", "B2", "A4"])
    }

    @Test("what a message has in it moves no cursor and breaks no line: control characters are spelled out", arguments: [[], ["--format", "{stream} {label}|"]])
    func controlCharacters(format: [String]) throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "-n", "1"] + format)
        _ = try daemon.subscriptions(1)
        try daemon.publish("result/a\u{1B}[2J\u{202E}", #"{"stream":"a","n":1,"time":"2026-11-22T23:00:00.\u001b[2J6789Z","label":"\u001b]0;title\u0007\nnext\u009b31m","p":0.5}"#)
        let outcome = tail.finish()
        #expect(outcome.lines.count == 1)
        #expect(outcome.lines.first?.contains(#"a\u{1b}[2J\u{202e}"#) == true)
        #expect(outcome.lines.first?.contains(#"\u{1b}]0;title\u{7}\u{a}next\u{9b}31m"#) == true)
        #expect(outcome.lines.first?.unicodeScalars.contains { $0.properties.generalCategory == .control } == false)
    }

    @Test("a template has every field of a message, tabs and braces")
    func template() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--all", "--results", daemon.endpoint, "-n", "3", "--format", #"{kind} {topic}\t{{{time}}} {label} {p} {rate} {final} {next_seq} {event} {reason}|"#])
        _ = try daemon.subscriptions(3)
        try daemon.publish("s")
        try daemon.publish("hint/s", #"{"stream":"s","boot":7,"next_seq":231}"#)
        try daemon.publish("event/s", #"{"stream":"s","event":"reset","reason":"it was asked for"}"#)
        #expect(tail.finish().lines == [
            "result result/s\t{2026-11-22T23:00:00.123456789Z} ABD 0.9312 20.5% true   |", "hint hint/s\t{}     231  |", "event event/s\t{}      reset it was asked for|",
        ])
    }

    @Test("--json prints what was published, byte for byte; the default line is for people")
    func lines() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let body = #"{"stream":"s","n":1, "p":1e-05,"label":"Größe \"x\"","extra":[1.50,null,{"a":true}],"updates":1,"timesteps":4}"#
        let json = try RunningProgram("skipctl", ["tail", "--json", "--results", daemon.endpoint, "-n", "1"])
        _ = try daemon.subscriptions(1)
        try daemon.publish("result/s", body)
        #expect(json.finish().output == body + "\n")
        let plain = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "-n", "1"])
        _ = try daemon.subscriptions(1)
        try daemon.publish("s")
        #expect(plain.finish().output == "2026-11-22T23:00:00.123Z  s  ABD 0.931  41/200 read (20.5%)  final\n")
    }

    @Test("what is none of skipd's is passed over")
    func junk() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "-n", "1", "--format", "{n}"])
        _ = try daemon.subscriptions(1)
        try daemon.publish("result/s", "no JSON")
        try daemon.publish("result/s", "{\"n\":1}{")
        #expect(try daemon.socket.sendMultipart([Array("result/s".utf8)]))
        #expect(try daemon.socket.sendMultipart([Array("result/s".utf8), Array("{}".utf8), []]))
        #expect(try daemon.socket.sendMultipart([Array("result/".utf8) + [0xFF], Array("{}".utf8)]))
        try daemon.publish("s", n: 9)
        #expect(tail.finish().lines == ["9"])
    }

    @Test("time that runs out is status 2 where nothing came or too little, else 0")
    func wait() throws {
        let folder = try TemporaryFolder()
        #expect(try skipctl("tail", "--results", "ipc://\(folder.path("none"))", "--wait", "100ms").status == 2)
        for (arguments, status) in [([], 0), (["-n", "3"], 2), (["-n", "2"], 0), (["--label", "X"], 2)] as [([String], Int32)] {
            let daemon = try FakeDaemon(.xpub, folder)
            let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "--wait", "1s"] + arguments)
            _ = try daemon.subscriptions(1)
            try daemon.publish("s", n: 1)
            try daemon.publish("s", n: 2)
            #expect(tail.finish().status == status, "\(arguments)")
        }
    }

    @Test("a restart of the daemon is survived")
    func restart() throws {
        let folder = try TemporaryFolder()
        var daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "-n", "3", "--format", "{n}"])
        for n in 1...3 {
            _ = try daemon.subscriptions(1)
            // A stream's numbers begin anew with the daemon: that is no loss.
            try daemon.publish("s", n: 10 - n)
            #expect(eventually { tail.output.split(separator: "\n").count == n })
            if n < 3 { daemon = try Self.again(consume daemon, folder) }
        }
        let outcome = tail.finish()
        #expect(outcome.lines == ["9", "8", "7"] && outcome.error.isEmpty)
    }

    private static func again(_ daemon: consuming FakeDaemon, _ folder: TemporaryFolder) throws -> FakeDaemon {
        do { _ = consume daemon }
        return try FakeDaemon(.xpub, folder)
    }

    @Test("results that were missed are told on standard error")
    func missed() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.xpub, folder)
        let tail = try RunningProgram("skipctl", ["tail", "--results", daemon.endpoint, "-n", "5", "--format", "{stream}{n}"])
        _ = try daemon.subscriptions(1)
        for (stream, n) in [("a", 5), ("b", 1), ("a", 6), ("a", 9), ("b", 2)] { try daemon.publish(stream, n: n) }
        let outcome = tail.finish()
        #expect(outcome.lines == ["a5", "b1", "a6", "a9", "b2"])
        #expect(outcome.error == "skipctl: 2 results of a missed before n = 9; read faster, or follow fewer streams\n")
    }
}
