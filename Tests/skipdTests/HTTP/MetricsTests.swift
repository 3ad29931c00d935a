import Foundation
import Testing
import skipd

/// What `/metrics` says, and that docs/metrics.md, the alerts and the Grafana dashboard speak of the same metrics.
@Suite struct MetricsTests {
    /// The one that `make test-deps` brings, or one that is installed.
    private static let tool = ["\(Files.root)/.build/promtool", "/usr/bin/promtool"].first { FileManager.default.isExecutableFile(atPath: $0) } ?? ""
    private static let hasPromtool = !tool.isEmpty

    private func text(_ path: String) throws -> String { try String(contentsOfFile: "\(Files.root)/\(path)", encoding: .utf8) }

    @Test("docs/metrics.md has a row for each metric, with its type, its labels and its meaning, and no other")
    func documented() throws {
        let rows = try text("docs/metrics.md").split(separator: "\n").filter { $0.hasPrefix("| `") && $0.split(separator: "|").count == 4 }
        let expected = Metrics.all.map { metric in
            "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.labels.map { "`\($0)`" }.joined(separator: ", ")) | \(metric.help) |"
        }
        #expect(rows.map { String($0) }.sorted() == expected.sorted())
    }

    @Test("counters end in _total and nothing else does; names are skipd's or the usual ones of a process; no label is a stream")
    func conventions() {
        for metric in Metrics.all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.name.hasPrefix("skipd_") || metric.name.hasPrefix("process_"), "\(metric.name)")
            #expect(!metric.labels.contains("stream"), "\(metric.name)")
        }
        #expect(Set(Metrics.all.map(\.name)).count == Metrics.all.count)
    }

    @Test("/metrics counts what came in, and promtool finds nothing wrong with it", .enabled(if: hasPromtool, "promtool is missing: `make test-deps` installs it"))
    func promtool() throws {
        let daemon = try RunningDaemon.withHTTP()
        let device = try Device(daemon.ingest[0], in: daemon.context)
        for _ in 0..<50 { try device.send([Array("watch/1".utf8), [UInt8](repeating: 0, count: 24)]) }
        try device.send([Array("nobody/1".utf8), [UInt8](repeating: 0, count: 24)])
        try daemon.waitForStatus("51 messages") { $0["messages"] == 51 }
        // Connections are counted by a thread of their own.
        try daemon.wait("the connection to be counted") { try daemon.get("/metrics").body.contains("skipd_connections{socket=\"ingest\"} 1\n") }
        let reply = try daemon.get("/metrics")
        #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let lines = Set(reply.body.split(separator: "\n").map { String($0) })
        for line in ["skipd_messages_total 51", "skipd_dropped_messages_total{cause=\"unknown_route\"} 1", "skipd_streams 1", "skipd_lag_seconds 0",
            "skipd_config_last_reload_successful 1", "skipd_model_streams{model=\"watch\"} 1"] {
            #expect(lines.contains(line), "\(line) is missing in:\n\(reply.body)")
        }
        func value(_ series: String) throws -> Int {
            let line = try #require(lines.first { $0.hasPrefix(series + " ") }, "\(series) is missing")
            return Int(line.dropFirst(series.count + 1)) ?? -1
        }
        let updated = try value("skipd_timesteps_total{fate=\"updated\"}")
        #expect(try updated + value("skipd_timesteps_total{fate=\"skipped\"}") == 50)
        #expect(try value("skipd_update_batch_streams_sum") == updated)
        #expect(try value("skipd_block_processing_seconds_count") > 0)
        #expect(try value("skipd_block_processing_seconds_bucket{le=\"+Inf\"}") == value("skipd_block_processing_seconds_count"))
        try check(reply.body)
    }

    @Test("a model's name may be anything: it is escaped in a label", .enabled(if: hasPromtool, "promtool is missing: `make test-deps` installs it"))
    func hostileModel() throws {
        let daemon = try RunningDaemon(configuration: { folder in
            RunningDaemon.configuration(folder).replacingOccurrences(of: "listen = \"\"", with: "listen = \"127.0.0.1:*\"")
                .replacingOccurrences(of: "name = \"watch\"", with: #"name = "a\"b\\c""#).replacingOccurrences(of: "model = \"watch\"", with: #"model = "a\"b\\c""#)
        })
        let body = try daemon.get("/metrics").body
        #expect(body.contains(#"skipd_model_streams{model="a\"b\\c"} 0"#))
        try check(body)
    }

    private func check(_ metrics: String) throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try metrics.write(toFile: folder + "/metrics", atomically: true, encoding: .utf8)
        let run = try Run("/bin/sh", ["-c", "\(Self.tool) check metrics <\(folder)/metrics"])
        #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty, "\(run.output)\(run.errors)")
    }

    @Test("the alerting rules are valid, and there is one for each thing that wakes somebody", .enabled(if: hasPromtool, "promtool is missing: `make test-deps` installs it"))
    func rules() throws {
        let run = try Run(Self.tool, ["check", "rules", "\(Files.root)/etc/prometheus/skipd.rules.yml"])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("6 rules found"))
    }

    @Test("the alerts and the Grafana dashboard use metrics that there are, with labels that they have", arguments: ["etc/prometheus/skipd.rules.yml", "etc/grafana/skipd.json", "docs/metrics.md"])
    func used(path: String) throws {
        let known = Set(Metrics.all.flatMap { metric in
            metric.kind == .histogram ? ["_bucket", "_sum", "_count", ""].map { metric.name + $0 } : [metric.name]
        })
        let names = try text(path).matches(of: /\b(skipd|process)_[a-z_]+\b/).map { String($0.output.0) }
        #expect(!names.isEmpty)
        for name in Set(names) { #expect(known.contains(name), "\(path) speaks of \(name), which skipd does not have") }
    }

    @Test("the Grafana dashboard is JSON with a title for every panel")
    func grafana() throws {
        let dashboard = try #require(try JSONSerialization.jsonObject(with: Data(try text("etc/grafana/skipd.json").utf8)) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(panels.count > 10)
        #expect(panels.allSatisfy { ($0["title"] as? String)?.isEmpty == false && ($0["description"] as? String)?.isEmpty == false })
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
    }
}
