import Foundation
import Testing
import ZeroMQ

/// Start, check, reload, stop.
@Suite(.serialized) struct LifecycleTests {
    @Test("SIGTERM and SIGINT work off what has arrived, take the socket files away and end with status 0", arguments: [SIGTERM, SIGINT])
    func stop(_ signal: Int32) throws {
        let daemon = try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"", route: "emit = 1")
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(0)
        for timestep in 0..<100 { try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep))) }
        try daemon.waitForStatus("the samples") { $0["messages"] == 100 }
        daemon.signal(signal)
        #expect(daemon.waitForEnd() == 0)
        #expect(try subscriber.receive(100).last?.result.seq == 99)
        #expect(!FileManager.default.fileExists(atPath: daemon.folder + "/run/control.sock"))
        #expect(daemon.log.contains("notice: stopped"))
    }

    @Test("samples that wait when the stop is asked for are worked off")
    func stopUnderLoad() throws {
        let daemon = try RunningDaemon(route: "emit = \"end\"")
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let subscriber = try Subscriber(daemon)
        try device.send(Sample(stream: "watch/0", values: [Float](repeating: 1, count: 1200), seq: 0))
        _ = try subscriber.receive(1)
        // Asleep, it takes nothing, but its kernel does.
        daemon.signal(SIGSTOP)
        for stream in 1...20 { try device.send(Sample(stream: "watch/\(stream)", values: [Float](repeating: 1, count: 1200), seq: 0)) }
        daemon.signal(SIGTERM)
        daemon.signal(SIGCONT)
        #expect(try Set(subscriber.receive(20).map { try $0.result.stream }).count == 20)
        #expect(daemon.waitForEnd() == 0)
    }

    @Test("--check says what is wrong with file and line, loads every model and opens no socket")
    func check() throws {
        let daemon = try RunningDaemon()
        // The running daemon has all these endpoints.
        var text = try String(contentsOfFile: daemon.configurationFile, encoding: .utf8)
        text = text.replacingOccurrences(of: "tcp://127.0.0.1:*\"]\npattern", with: "\(daemon.ingest[0])\"]\npattern").replacingOccurrences(of: "tcp://127.0.0.1:*", with: daemon.results[0])
        let file = daemon.folder + "/check.toml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let fine = try Run(Files.program("skipd"), ["--config", file, "--check"])
        #expect(fine.status == 0)
        #expect(fine.output == "\(file) is in order: 1 model, 1 route\n")
        #expect(fine.errors == "")

        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: daemon.folder + "/broken.safetensors"))
        let withModels = text + "\n[[model]]\nname = \"b\"\npath = \"broken.safetensors\"\n[[model]]\nname = \"c\"\npath = \"missing.safetensors\"\n"
        func line(of part: String) -> Int { 1 + (withModels.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains(part) } ?? -1) }
        try withModels.write(toFile: file, atomically: true, encoding: .utf8)
        let models = try Run(Files.program("skipd"), ["--config", file, "--check"])
        #expect(models.status == 1)
        let lines = models.errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("\(file):\(line(of: "broken.safetensors")): the model \"b\" can't be used: \(daemon.folder)/broken.safetensors: ") == true, "\(models.errors)")
        #expect(lines.last == "\(file):\(line(of: "missing.safetensors")): the model \"c\" can't be used: \(daemon.folder)/missing.safetensors: can't be opened: No such file or directory")

        let last = text.split(separator: "\n", omittingEmptySubsequences: false).count
        try (text + "\nstretch = 0\nhold = true\n").write(toFile: file, atomically: true, encoding: .utf8)
        let keys = try Run(Files.program("skipd"), ["--config", file, "--check"])
        #expect(keys.status == 1)
        #expect(keys.errors == "\(file):\(last + 1): stretch is 0, a number from 1.0 up was expected\n\(file):\(last + 2): hold is true, a whole number from 1 to 1000000 was expected\n")
        // None of it disturbed the daemon.
        #expect(try daemon.status()["messages"] == 0)
    }

    @Test("--version and wrong usage")
    func usage() throws {
        #expect(try Run(Files.program("skipd"), ["--version"]).output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
        #expect(try Run(Files.program("skipd"), ["--chek"]).status == 64)
        #expect(try Run(Files.program("skipd"), ["--config", "/nowhere/skipd.toml"]).status == 1)
    }

    @Test("a second daemon on the same endpoints fails with one sentence, and the first goes on")
    func second() throws {
        let daemon = try RunningDaemon()
        let sameControl = try Run(Files.program("skipd"), ["--config", daemon.configurationFile])
        #expect(sameControl.status == 1)
        #expect(sameControl.errors.hasSuffix("critical: [control] bind: \(daemon.controlEndpoint) can't be bound: another process listens there; is skipd running already?\n"))
        let text = try String(contentsOfFile: daemon.configurationFile, encoding: .utf8)
        let file = daemon.folder + "/second.toml"
        try text.replacingOccurrences(of: "tcp://127.0.0.1:*\"]\npattern", with: "\(daemon.ingest[0])\"]\npattern").replacingOccurrences(of: "control.sock", with: "other.sock").write(toFile: file, atomically: true, encoding: .utf8)
        let sameIngest = try Run(Files.program("skipd"), ["--config", file])
        #expect(sameIngest.status == 1)
        #expect(sameIngest.errors.hasSuffix("critical: [ingest] bind: ZeroMQ cannot bind to \"\(daemon.ingest[0])\": Address already in use; is skipd running already?\n"))
        #expect(sameIngest.errors.split(separator: "\n").count == 1)
        #expect(try daemon.status()["messages"] == 0)
    }

    @Test("the control socket has mode 0660 in a folder that is made, replaces one left behind by a crash, and deletes no file that is none")
    func socketFile() throws {
        let daemon = try RunningDaemon()
        let path = daemon.folder + "/run/control.sock"
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o660)
        daemon.signal(SIGKILL)
        #expect(daemon.waitForEnd() == -SIGKILL)
        #expect(FileManager.default.fileExists(atPath: path))
        let folder = daemon.folder
        let next = try RunningDaemon(configuration: { _ in RunningDaemon.configuration(folder) }, waits: false)
        try next.wait("the next daemon") { next.log.contains("takes samples") }
        #expect(next.stop() == 0)
        try "precious".write(toFile: path, atomically: true, encoding: .utf8)
        let refused = try Run(Files.program("skipd"), ["--config", daemon.configurationFile])
        #expect(refused.status == 1)
        #expect(refused.errors.hasSuffix("\(path) is a file that is no socket; remove it or choose another path\n"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("SIGHUP takes over routes at a stream's next update, without a gap in its results")
    func reloadRoute() throws {
        let daemon = try RunningDaemon(route: "emit = \"end\"")
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(4)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/1")
        func send(_ timesteps: Range<Int>) throws {
            for timestep in timesteps { try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * oracle.interval)) }
            try daemon.waitForStatus("the samples") { $0["messages"] == timesteps.upperBound }
        }
        try send(0..<80)
        try RunningDaemon.configuration(daemon.folder, route: "emit = \"update\"").write(toFile: daemon.configurationFile, atomically: true, encoding: .utf8)
        daemon.signal(SIGHUP)
        try daemon.waitForStatus("the reload") { $0["reloads"] == 1 }
        try send(80..<(values.count / 6))
        // The state is that of the whole stream; only what is published has changed.
        var expected = oracle.results.filter { $0.seq >= 80 }
        for index in expected.indices { expected[index].n = index + 1 }
        #expect(expected.count > 3)
        #expect(try subscriber.receive(expected.count).map { try $0.result } == expected)
    }

    @Test("a reload that fails changes nothing and says so with file and line")
    func badReload() throws {
        let daemon = try RunningDaemon()
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(5)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/1")
        func send(_ timesteps: Range<Int>) throws {
            for timestep in timesteps { try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * oracle.interval)) }
            try daemon.waitForStatus("the samples") { $0["messages"] == timesteps.upperBound }
        }
        try send(0..<50)
        let good = try String(contentsOfFile: daemon.configurationFile, encoding: .utf8)
        let bad = [good + "\nstrech = 2\n", good.replacingOccurrences(of: Files.model, with: "missing.safetensors"), "[", ""]
        for (index, text) in bad.enumerated() {
            try text.write(toFile: daemon.configurationFile, atomically: true, encoding: .utf8)
            if index % 2 == 0 {
                daemon.signal(SIGHUP)
            } else {
                let reply = try daemon.ask("{\"op\":\"reload\"}")
                #expect(reply["ok"] as? Bool == false)
                #expect((reply["error"] as? String)?.hasPrefix("nothing was changed: \(daemon.configurationFile)") == true)
            }
            try daemon.waitForStatus("the reload to fail") { $0["failed_reloads"] == index + 1 }
        }
        try daemon.waitForLog("\(daemon.configurationFile):\(good.split(separator: "\n", omittingEmptySubsequences: false).count + 1): unknown key \"strech\" in [[route]]; did you mean \"stretch\"?")
        try daemon.waitForLog("the reload failed; what ran before still runs")
        try send(50..<(values.count / 6))
        #expect(try subscriber.receive(oracle.results.count).map { try $0.result } == oracle.results)
        #expect(try daemon.status()["reloads"] == 0)
    }

    @Test("under switch = \"reset\" a stream whose model has other weights after a reload begins anew, and an event says so")
    func reloadModel() throws {
        let daemon = try RunningDaemon()
        let subscriber = try Subscriber(daemon)
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(6)
        for timestep in 0..<50 { try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep))) }
        try daemon.waitForStatus("the samples") { $0["messages"] == 50 }
        _ = try subscriber.receiveAvailable()
        let identity = try daemon.ask("{\"op\":\"models\"}")["models"] as? [[String: Any]]
        let other = try Bundled.changedModel(in: daemon.folder)
        try RunningDaemon.configuration(daemon.folder, route: "emit = \"update\"\nswitch = \"reset\"", model: other.path).write(toFile: daemon.configurationFile, atomically: true, encoding: .utf8)
        #expect(try daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true)
        for timestep in 50..<150 { try device.send(Sample(stream: "watch/1", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * 20_000_000)) }
        try daemon.waitForStatus("the samples") { $0["messages"] == 150 }
        var oracle = Oracle(other.model)
        oracle.run(Array(values[300..<900]), stream: "watch/1", first: 50)
        let messages = try subscriber.receiveAll(until: "\"seq\":\(oracle.results.last?.seq ?? -1),")
        #expect(messages.contains { $0.body == "{\"stream\":\"watch/1\",\"event\":\"reset\",\"reason\":\"its model changed\"}" })
        let results = try messages.filter { $0.topic.hasPrefix("result/") }.map { try $0.result }.filter { $0.seq >= 50 }
        // n goes on; everything else is that of a new sequence under the new weights.
        #expect(results.map(\.p) == oracle.results.map(\.p))
        #expect(results.map(\.seq) == oracle.results.map(\.seq))
        #expect(results.map(\.timesteps) == oracle.results.map(\.timesteps))
        let after = try daemon.ask("{\"op\":\"models\"}")["models"] as? [[String: Any]]
        #expect(after?[0]["identity"] as? String != identity?[0]["identity"] as? String)
        #expect(after?[0]["streams"] as? Int == 1)
    }

    @Test("four hundred reloads of the same file leave nothing behind")
    func reloadsLeaveNothing() throws {
        let daemon = try RunningDaemon()
        for _ in 0..<50 { #expect(try daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true) }
        let before = try ProcessUse(daemon.processIdentifier)
        for _ in 0..<400 { #expect(try daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true) }
        let after = try ProcessUse(daemon.processIdentifier)
        // It was 20 KB a reload: 8 MB.
        #expect(after.resident - before.resident < 3_000_000, "\(before), \(after)")
        #expect(after.descriptors <= before.descriptors + 2, "\(before), \(after)")
    }

    @Test("what takes effect at a start only is said to")
    func lateChanges() throws {
        let daemon = try RunningDaemon()
        try RunningDaemon.configuration(daemon.folder, ingest: "bind = [\"tcp://127.0.0.1:*\"]", more: "[limits]\nmax_message = \"2MiB\"\n").write(toFile: daemon.configurationFile, atomically: true, encoding: .utf8)
        let reply = try daemon.ask("{\"op\":\"reload\"}")
        #expect(reply["warnings"] as? [String] == ["\(daemon.configurationFile): what is new in [ingest], max_message in [limits] takes effect at the next start"])
    }

    @Test("while nothing arrives, neither the loop nor any thread of the sockets runs")
    func idle() throws {
        let daemon = try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]\npattern = \"pull\"\nheartbeat = \"0\"")
        let device = try Device(daemon.ingest[0], in: daemon.context)
        for stream in 0..<1_000 { try device.send(Sample(stream: "watch/\(stream)", values: [1, 2, 3, 4, 5, 6])) }
        try daemon.waitForStatus("the streams") { $0["streams"] == 1_000 }
        // How often each thread was scheduled; those of libdispatch, which wakes once a second to look at its pools, are not ours.
        func switches() throws -> [String: String] {
            let tasks = "/proc/\(daemon.processIdentifier)/task"
            var switches: [String: String] = [:]
            for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
                // A thread may end between the calls.
                guard let name = try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8), name == "samples\n" || name == "control\n" || name.hasPrefix("ZMQ"),
                      let status = try? String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8) else { continue }
                switches[name + task] = status.split(separator: "\n").filter { $0.contains("ctxt_switches") }.joined()
            }
            return switches
        }
        #expect(try switches().keys.contains { $0.hasPrefix("samples") })
        // Threads that only wait are not scheduled: a second passes in which none is.
        try daemon.wait("a second without a context switch") {
            let before = try switches()
            usleep(1_000_000)
            return try switches() == before
        }
    }
}
