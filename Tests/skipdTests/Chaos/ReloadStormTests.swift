import Foundation
import TestSupport
import Testing

/// Models, routes and dials that change under running streams, faster than anybody would, in part to what is broken.
struct ReloadStormTests {
    @Test("while files are exchanged, broken and mended under load, no timestep is lost, none is read twice, and the last good word counts")
    func storm() throws {
        let daemon = try RunningDaemon(configuration: { folder in
            try? FileManager.default.copyItem(atPath: Files.model, toPath: folder + "/a.safetensors")
            return Self.configuration(folder, "switch = \"sequence\"", shadow: false)
        })
        let model = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Files.model)))
        // Other weights in the same shapes: the last mantissa bit of the last one.
        let other = Array(model.dropLast(4)) + [model[model.count - 4] ^ 1] + Array(model.suffix(3))
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let values = Bundled.recording(0)
        var generator = SplitMix(seed: 41)
        let (streams, rounds, count) = (20, 150, 8)
        var reloads = 0
        for round in 0..<rounds {
            for stream in 0..<streams {
                let place = round * count % 1_000
                try device.send(Sample(stream: "watch/\(stream)", values: Array(values[(place * 6)..<((place + count) * 6)]), seq: UInt64(round * count), boot: 7))
            }
            let rule = ["sequence", "reset", "carry"][round % 3]
            switch Int.random(in: 0...7, using: &generator) {
            case 0: try write(round % 2 == 0 ? other : model, daemon)
            case 1: try write(Array(model.prefix(Int.random(in: 0..<model.count, using: &generator))), daemon)
            case 2: try configure(daemon, String(Self.configuration(daemon.folder, "", shadow: false).prefix(Int.random(in: 0...400, using: &generator))))
            case 3: try configure(daemon, Self.configuration(daemon.folder, "switch = \"\(rule)\"", shadow: true))
            case 4: try configure(daemon, Self.configuration(daemon.folder, "switch = \"\(rule)\"\nstretch = 3\nmax_skip = 9\nmax_updates = { count = 2, timesteps = 9 }", shadow: false))
            case 5: daemon.signal(SIGHUP)
            case 6: _ = try daemon.ask("{\"op\":\"promote\",\"route\":\"watch/**\"}")
            default: _ = try daemon.ask("{\"op\":\"stretch\",\"route\":\"watch/**\",\"stretch\":\(round % 5 + 1)}")
            }
            if try daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true { reloads += 1 }
        }
        #expect(reloads > 20 && reloads < rounds, "\(reloads) of \(rounds)")
        let after = try daemon.waitForStatus("all samples") { $0["messages"] == streams * rounds }
        #expect(after.timesteps["updated", default: 0] + after.timesteps["skipped", default: 0] == streams * rounds * count, "\(after)")
        #expect(after.timesteps["lost"] == 0 && after.timesteps["stale"] == 0 && after.timesteps["omitted"] == 0 && after.droppedTotal == 0, "\(after)")

        // What is right again is taken, and a device that begins anew is as on a daemon that nothing has happened to.
        try write(model, daemon)
        try configure(daemon, Self.configuration(daemon.folder, "switch = \"sequence\"", shadow: false))
        #expect(try daemon.ask("{\"op\":\"reload\"}")["ok"] as? Bool == true)
        var oracle = Oracle(Bundled.model)
        oracle.run(Array(values[..<1_200]), stream: "watch/3")
        let subscriber = try Subscriber(daemon, prefixes: ["result/watch/3"])
        for timestep in 0..<200 { try device.send(Sample(stream: "watch/3", values: Array(values[(timestep * 6)..<((timestep + 1) * 6)]), seq: UInt64(timestep), ts: Int64(timestep) * oracle.interval, boot: 8)) }
        let results = try subscriber.receive(oracle.results.count).map { try $0.result }
        func facts(_ results: [Result]) -> [String] { results.map { "\($0.seq) \($0.label) \($0.p) \($0.updates) \($0.timesteps)" } }
        #expect(facts(results) == facts(oracle.results))
    }

    private static func configuration(_ folder: String, _ route: String, shadow: Bool) -> String {
        let candidate = "[[model]]\nname = \"candidate\"\npath = \"\(Files.model)\"\n"
        let text = RunningDaemon.configuration(folder, route: "emit = \"update\"\n\(route)\n\(shadow ? "shadow = \"candidate\"" : "")", model: folder + "/a.safetensors")
        return shadow ? text.replacingOccurrences(of: "[[route]]", with: candidate + "[[route]]") : text
    }

    private func configure(_ daemon: RunningDaemon, _ text: String) throws { try text.write(toFile: daemon.configurationFile, atomically: false, encoding: .utf8) }

    private func write(_ model: [UInt8], _ daemon: RunningDaemon) throws { try Data(model).write(to: URL(fileURLWithPath: daemon.folder + "/a.safetensors")) }
}
