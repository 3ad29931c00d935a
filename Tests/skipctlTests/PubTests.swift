import Foundation
import SkipRNN
import Testing
import ZeroMQ

@Suite("skipctl pub")
struct PubTests {
    @Test("nothing that is sent first is lost, though the daemon comes late", arguments: [Socket.Kind.sub, .pull])
    func late(kind: Socket.Kind) throws {
        let folder = try TemporaryFolder()
        let csv = try folder.write("a,label,b\n" + (0..<500).map { "\($0),x,\(Float($0) / 8)\n" }.joined(), to: "x.csv")
        let pub = try RunningProgram("skipctl", ["pub", "a/b", csv, "--ingest", "ipc://\(folder.path("socket"))", "--pattern", kind == .sub ? "sub" : "pull", "--wait", "60s", "--start", "--end"])
        usleep(200_000)
        let daemon = try FakeDaemon(kind, folder)
        let messages = try daemon.samples(500)
        #expect(pub.finish().status == 0)
        #expect(messages.count == 500 && messages.allSatisfy { $0.stream == "a/b" && $0.hasNumber && !$0.hasTime && $0.count == 1 })
        #expect(messages.map(\.seq) == (0..<500).map { UInt64($0) })
        #expect(messages.flatMap(\.values) == (0..<500).flatMap { [Float($0), Float($0) / 8] })
        #expect(Set(messages.map(\.boot)).count == 1 && messages[0].boot != 0)
        #expect(messages.filter(\.isStart).map(\.seq) == [0] && messages.filter(\.isEnd).map(\.seq) == [499])
    }

    @Test("on a terminal it shows how far it is, and a sentence takes that line's place")
    func progress() throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.path("socket"))"
        let pub: PseudoTerminal
        do {
            let daemon = try FakeDaemon(.sub, folder)
            pub = try PseudoTerminal(["pub", "s", "--generate", "sine", "-n100000", "--rate", "100", "--ingest", daemon.endpoint])
            #expect(try daemon.samples(30).count == 30)
            #expect(eventually { pub.output.contains(" of 100,000 timesteps") }, "\(pub.output)")
        }
        #expect(eventually { pub.output.contains("\r\u{1B}[Kskipctl: the daemon at \(endpoint) is gone; waiting for it\r\n") }, "\(pub.output)")
        pub.type("\u{03}")
        #expect(pub.finish() == 130 && pub.output.hasSuffix("\r\u{1B}[K"))
    }

    @Test("each run is another boot of the device")
    func boots() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.pull, folder)
        var boots: Set<UInt32> = []
        for _ in 0..<3 {
            let pub = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "-n", "1", "--ingest", daemon.endpoint, "--pattern", "pull"])
            boots.insert(try daemon.samples(1)[0].boot)
            #expect(pub.finish().status == 0)
        }
        #expect(boots.count == 3)
    }

    @Test("--append sends neither numbers nor boot, from standard input")
    func append() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.sub, folder)
        let pub = try RunningProgram("skipctl", ["pub", "s", "--append", "--ingest", daemon.endpoint, "--pattern", "sub"], input: "x\r\n1\r\n\r\n2")
        let messages = try daemon.samples(2)
        #expect(pub.finish().status == 0)
        #expect(messages.map(\.values) == [[1], [2]] && messages.allSatisfy { $0.flags == 0 && $0.boot == 0 && $0.seq == 0 })
    }

    @Test("a recording file is one sequence a recording, in batches that never cross its end", arguments: [1, 7, 65_535])
    func recordings(batch: Int) throws {
        let folder = try TemporaryFolder()
        let lengths = [5, 0, 20, 1]
        let samples = (0..<52).map { Float($0) }
        try Recordings(file: "r", channels: [], labels: [], sampleRate: nil, featureCount: 2, samples: samples, lengths: lengths).write(to: folder.path("r.safetensors"))
        let daemon = try FakeDaemon(.pull, folder)
        let pub = try RunningProgram("skipctl", ["pub", "s", folder.path("r.safetensors"), "--batch", "\(batch)", "--ingest", daemon.endpoint, "--pattern", "pull"])
        let messages = try daemon.samples(26)
        #expect(pub.finish().status == 0)
        #expect(messages.flatMap(\.values) == samples)
        #expect(messages.filter(\.isStart).map(\.seq) == [0, 5, 25])
        #expect(messages.filter(\.isEnd).map { Int($0.seq) + $0.count } == [5, 25, 26])
        #expect(messages.allSatisfy { $0.count <= batch })
        #expect(messages.count == lengths.map { ($0 + batch - 1) / batch }.reduce(0, +))
    }

    @Test("--recording chooses one; {} in the name plays all side by side")
    func tracks() throws {
        let folder = try TemporaryFolder()
        try Recordings(file: "r", channels: [], labels: [], sampleRate: 50, featureCount: 1, samples: [1, 2, 3, 4, 5, 6], lengths: [2, 3, 1]).write(to: folder.path("r.safetensors"))
        let daemon = try FakeDaemon(.pull, folder)
        let one = try RunningProgram("skipctl", ["pub", "s", folder.path("r.safetensors"), "--recording", "1", "--ingest", daemon.endpoint, "--pattern", "pull"])
        #expect(try daemon.samples(3).flatMap(\.values) == [3, 4, 5])
        #expect(one.finish().status == 0)
        let all = try RunningProgram("skipctl", ["pub", "w/{}/x", folder.path("r.safetensors"), "--ingest", daemon.endpoint, "--pattern", "pull"])
        let messages = try daemon.samples(6)
        #expect(all.finish().status == 0)
        for (recording, values) in [[1, 2], [3, 4, 5], [6]].enumerated() as EnumeratedSequence<[[Float]]> {
            let stream = messages.filter { $0.stream == "w/\(recording)/x" }
            #expect(stream.flatMap(\.values) == values && stream.map(\.seq) == (0..<values.count).map { UInt64($0) })
            #expect(stream.first?.isStart == true && stream.last?.isEnd == true)
        }
        // In step: no stream is more than a message ahead.
        #expect(Set(messages.prefix(3).map(\.stream)).count == 3)
    }

    @Test("a rate gives timesteps their times; --speed takes it from the recording")
    func rate() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.pull, folder)
        let sine = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "--features", "3", "-n", "60", "--rate", "1000", "--batch", "10", "--ingest", daemon.endpoint, "--pattern", "pull"])
        let messages = try daemon.samples(60)
        #expect(sine.finish().status == 0)
        #expect(messages.allSatisfy { $0.hasTime && $0.values.count == 30 && $0.values.allSatisfy { abs($0) <= 1 } })
        #expect(zip(messages, messages.dropFirst()).allSatisfy { abs($1.ts - $0.ts - 10_000_000) <= 1 })
        try Recordings(file: "r", channels: [], labels: [], sampleRate: 50, featureCount: 1, samples: [1, 2, 3], lengths: [3]).write(to: folder.path("r.safetensors"))
        let played = try RunningProgram("skipctl", ["pub", "s", folder.path("r.safetensors"), "--speed", "10", "--ingest", daemon.endpoint, "--pattern", "pull"])
        let recorded = try daemon.samples(3)
        #expect(played.finish().status == 0)
        #expect(zip(recorded, recorded.dropFirst()).allSatisfy { abs($1.ts - $0.ts - 2_000_000) <= 1 })
    }

    @Test("a daemon that can't keep up is waited for, and so is one that went away")
    func restart() throws {
        // Far more than sockets and high-water marks hold, so that it can't be through before it is read.
        let count = 300_000
        // By tcp, since over ipc libzmq gives up what a slow reader's kernel still holds when the sender is through.
        let bound = try FakeDaemon(.sub, at: "tcp://127.0.0.1:*")
        let endpoint = bound.endpoint
        var daemon: FakeDaemon? = bound
        let pub = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "-n", "\(count)", "--rate", "1e9", "--features", "8", "--ingest", endpoint, "--pattern", "sub"])
        let first = try #require(try daemon?.samples(1_000))
        #expect(first.map(\.seq) == (0..<1_000).map { UInt64($0) }, "nothing is dropped for a slow reader")
        daemon = nil
        #expect(eventually { pub.error.contains("the daemon at \(endpoint) is gone; waiting for it") })
        #expect(pub.isRunning)
        let second = try FakeDaemon(.sub, at: endpoint)
        var next: UInt64?
        while next != UInt64(count) {
            let message = try #require(try second.samples(1).first)
            // What was under way to the first is lost; from the first message on nothing is.
            if let next { #expect(message.seq == next) }
            if let next, message.seq != next { break }
            next = message.seq + UInt64(message.count)
        }
        #expect(pub.finish().status == 0)
    }

    @Test("a malformed line ends it with the line's number, after what came before it")
    func malformed() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.pull, folder)
        let pub = try RunningProgram("skipctl", ["pub", "s", "-", "--ingest", daemon.endpoint, "--pattern", "pull"], input: "a,b\n1,2\n3\n")
        #expect(try daemon.samples(1)[0].values == [1, 2])
        let outcome = pub.finish()
        #expect(outcome.status == 1 && outcome.error == "skipctl: standard input: line 3 has 1 fields, 2 were expected as in the header\n")
    }

    @Test("an interrupted run ends at once, by the signal's status")
    func interrupted() throws {
        let folder = try TemporaryFolder()
        let daemon = try FakeDaemon(.pull, folder)
        let pub = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "--ingest", daemon.endpoint, "--pattern", "pull"])
        _ = try daemon.samples(2)
        pub.signal(SIGINT)
        #expect(pub.finish().status == 128 + SIGINT)
    }

    @Test("the configuration says where, and how samples are taken; where the daemon only connects, it is waited for")
    func configuration() throws {
        let folder = try TemporaryFolder()
        let model = "[[model]]\nname = \"watch\"\npath = \"\(Bundled.model)\"\n[[route]]\nmatch = \"**\"\nmodel = \"watch\"\n"
        let bound = try folder.write("[ingest]\nbind = [\"ipc://\(folder.path("socket"))\"]\npattern = \"pull\"\n" + model, to: "bound.toml")
        let daemon = try FakeDaemon(.pull, folder)
        let pub = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "-n", "1", "--config", bound])
        #expect(try daemon.samples(1).count == 1)
        #expect(pub.finish().status == 0)
        let connecting = try folder.write("[ingest]\nbind = []\nconnect = [\"ipc://\(folder.path("device"))\"]\npattern = \"pull\"\n" + model, to: "connecting.toml")
        let device = try RunningProgram("skipctl", ["pub", "s", "--generate", "sine", "-n", "1", "--config", connecting])
        let pull = try Socket(.pull, in: Context())
        try pull.set(.receiveTimeout, .seconds(30))
        try pull.connect("ipc://\(folder.path("device"))")
        #expect(try SampleMessage(try #require(try pull.receiveMultipart(wait: true))).stream == "s")
        #expect(device.finish().status == 0)
    }
}
