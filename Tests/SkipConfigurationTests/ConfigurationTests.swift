import SkipConfiguration
import SkipStream
import Testing

/// The least that works: no key but those without a default.
let smallest = """
    [[model]]
    name = "watch"
    path = "models/watch.safetensors"

    [[route]]
    match = "watch/*"
    model = "watch"
    """

@Suite struct ConfigurationTests {
    @Test("an empty file plus one model and one route is a working configuration")
    func smallestFile() throws {
        let configuration = try Configuration(text: smallest, file: "/etc/skipd/skipd.toml")
        #expect(configuration.ingest.bind == [.tcp(host: "127.0.0.1", port: 5570)])
        #expect(configuration.ingest.connect == [])
        #expect(configuration.ingest.pattern == .sub)
        #expect(configuration.ingest.heartbeat == .seconds(10))
        #expect(configuration.results.bind.map(\.text) == ["tcp://127.0.0.1:5571"])
        #expect(configuration.control.bind.text == "ipc:///run/skipd/control.sock")
        #expect(configuration.http.listen?.description == "127.0.0.1:9470")
        #expect(configuration.state.directory == "/var/lib/skipd")
        #expect(configuration.state.checkpointInterval == .seconds(10))
        #expect(configuration.limits == Limits())
        #expect(configuration.limits.maxStreams == 1_000_000)
        #expect(configuration.limits.maxMessage == 1_048_576)
        #expect(configuration.limits.idleTimeout == .seconds(86_400))
        #expect(configuration.security.insecure == false)
        #expect(configuration.models.map(\.path) == ["/etc/skipd/models/watch.safetensors"])
        #expect(configuration.routes == [Route(match: StreamPattern("watch/*"), model: "watch")])
        try configuration.requireModelAndRoute(file: "skipd.toml")
    }

    @Test("an empty file is a client's configuration, and not a daemon's")
    func emptyFile() throws {
        let configuration = try Configuration(text: "")
        #expect(configuration.ingest == Ingest())
        let error = #expect(throws: ConfigurationError.self) { try configuration.requireModelAndRoute(file: "skipd.toml") }
        #expect(error?.description == """
            skipd.toml: there is no model; add a [[model]] with name and path
            skipd.toml: there is no route, so every message would be refused; add a [[route]] with match and model
            """)
    }

    @Test("every key of every table is read")
    func everyKey() throws {
        let configuration = try Configuration(
            text: """
                [ingest]
                bind = ["tcp://*:5570", "ipc:///run/skipd/ingest.sock"]
                connect = ["tcp://gateway.example:6000"]
                pattern = "pull"
                heartbeat = "0"
                [results]
                bind = ["tcp://[::1]:5571"]
                [control]
                bind = "ipc://@skipd"
                [http]
                listen = ""
                [state]
                directory = ""
                checkpoint_interval = "500ms"
                [limits]
                max_streams = 10
                evict = false
                idle_timeout = "5m"
                max_message = "64KiB"
                [security]
                insecure = true
                [[model]]
                name = "a"
                path = "/models/a.safetensors"
                [[model]]
                name = "b"
                path = "b.safetensors"
                [[route]]
                match = "a/**"
                model = "a"
                encoding = "json"
                emit = 25
                probabilities = true
                hints = true
                hint_every = 10
                gap = "reset"
                stretch = 4
                sequence = 200
                max_skip = 1000
                [[route]]
                match = "**"
                model = "b"
                emit = "change"
                min_p = 0.6
                hold = 2
                sequence = 0
                """, file: "conf/skipd.toml")
        #expect(configuration.ingest.bind == [.tcp(host: "*", port: 5570), .ipc(path: "/run/skipd/ingest.sock")])
        #expect(configuration.ingest.connect == [.tcp(host: "gateway.example", port: 6000)])
        #expect(configuration.ingest.pattern == .pull)
        #expect(configuration.ingest.heartbeat == .zero)
        #expect(configuration.results.bind == [.tcp(host: "::1", port: 5571)])
        #expect(configuration.control.bind == .ipc(path: "@skipd"))
        #expect(configuration.http.listen == nil)
        #expect(configuration.state.directory == nil)
        #expect(configuration.state.checkpointInterval == .milliseconds(500))
        #expect(configuration.limits.maxStreams == 10)
        #expect(!configuration.limits.evict)
        #expect(configuration.limits.idleTimeout == .seconds(300))
        #expect(configuration.limits.maxMessage == 65_536)
        #expect(configuration.security.insecure)
        #expect(configuration.models.map(\.name) == ["a", "b"])
        #expect(configuration.models.map(\.path) == ["/models/a.safetensors", "conf/b.safetensors"])
        #expect(configuration.routes == [
            Route(
                match: StreamPattern("a/**"), model: "a", encoding: .json, emit: .every(25), probabilities: true, hints: true, hintEvery: 10,
                gap: .reset, stretch: 4, sequence: 200, maxSkip: 1000),
            Route(match: StreamPattern("**"), model: "b", emit: .change(minimumProbability: 0.6, hold: 2), sequence: 0),
        ])
        #expect(configuration.warnings.isEmpty)
    }

    @Test("bounds on a route's updates, and when it takes another model")
    func bounds() throws {
        func route(_ keys: String) throws -> Route { try #require(try Configuration(text: smallest + "\n" + keys).routes.first) }
        #expect(try route("budget = { updates_per_second = 50000 }").budget == .updatesPerSecond(50_000))
        #expect(try route("budget = { cpu = 0.5 }").budget == .cpu(0.5))
        #expect(try route("max_updates = { count = 20, timesteps = 200 }").maxUpdates == UpdateBound(count: 20, timesteps: 200))
        #expect(try route("switch = \"carry\"").switching == .carry)
        let plain = try route("")
        #expect(plain.budget == nil && plain.maxUpdates == nil && plain.switching == .sequence)
        for wrong in ["budget = 5", "budget = {}", "budget = { cpu = 0 }", "budget = { cpu = \"all\" }", "budget = { cpu = 1, updates_per_second = 2 }", "budget = { gpu = 1 }"] {
            #expect(problems(smallest + "\n" + wrong).contains("{ updates_per_second = 50000 } or { cpu = 0.5 }, a number above 0, was expected"))
        }
        for wrong in ["{ count = 5 }", "{ count = 0, timesteps = 5 }", "{ count = 6, timesteps = 5 }", "{ count = 1025, timesteps = 5000 }", "{ count = 1, timesteps = 16777217 }", "7"] {
            #expect(problems(smallest + "\nmax_updates = " + wrong).contains("{ count = 20, timesteps = 200 }, a count from 1 to 1024"))
        }
        #expect(problems(smallest + "\nswitch = \"now\"").contains("switch is \"now\", \"sequence\" or \"reset\" or \"carry\" was expected"))
    }

    @Test("each value says where it came from")
    func settings() throws {
        let configuration = try Configuration(text: "ingest.heartbeat = \"90s\"\n" + smallest, file: "skipd.toml")
        func setting(_ key: String) -> [String] { configuration.settings.filter { $0.key == key }.flatMap { [$0.value, $0.origin] } }
        #expect(setting("ingest.heartbeat") == ["\"90s\"", "skipd.toml:1"])
        #expect(setting("ingest.bind") == ["[\"tcp://127.0.0.1:5570\"]", "default"])
        #expect(setting("model[0].name") == ["\"watch\"", "skipd.toml:3"])
        #expect(setting("route[0].emit") == ["\"change\"", "default"])
        #expect(setting("route[0].max_skip") == ["", "default"])
    }

    @Test("the configuration that is shipped says the defaults")
    func shipped() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let shipped = try Configuration(contentsOf: "\(root)/etc/skipd/skipd.toml")
        let defaults = try Configuration(text: smallest, file: "\(root)/etc/skipd/skipd.toml")
        #expect(shipped.settings.map { [$0.key, $0.value] } == defaults.settings.map { [$0.key, $0.value] })
        #expect(shipped.routes == defaults.routes)
        #expect(shipped.warnings.isEmpty)
    }

    @Test("what does nothing is warned about, with its line")
    func warnings() throws {
        let configuration = try Configuration(
            text: smallest + """

                emit = "end"
                min_p = 0.5
                hint_every = 10
                [[model]]
                name = "spare"
                path = "spare.safetensors"
                """)
        #expect(configuration.warnings.map(\.description) == [
            "skipd.toml:9: min_p does nothing without emit = \"change\"",
            "skipd.toml:10: hint_every does nothing without hints = true",
            "skipd.toml:13: no route names the model \"spare\", so it does nothing",
        ])
    }
}
