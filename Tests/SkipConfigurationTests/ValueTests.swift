import SkipConfiguration
import Testing

@Suite struct ValueTests {
    @Test("durations have a unit, and read back as they are written", arguments: ["0", "1ms", "500ms", "10s", "90s", "5m", "24h"])
    func durations(_ text: String) throws {
        #expect(try Configuration(text: "[ingest]\nheartbeat = \"\(text)\"\n").ingest.heartbeat.configurationText == text)
    }

    @Test("what is no duration is refused", arguments: ["", "10", "s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s", "9223372036854775807h", "00", "1S"])
    func notDurations(_ text: String) {
        #expect(problems("[ingest]\nheartbeat = \"\(text)\"\n").hasPrefix("skipd.toml:2: heartbeat is \"\(text)\", a duration"))
    }

    @Test("a duration that may not be zero says so")
    func zero() {
        #expect(problems("[state]\ncheckpoint_interval = \"0\"\n") == "skipd.toml:2: checkpoint_interval is \"0\", a duration such as \"500ms\", \"10s\", \"5m\" or \"24h\" above zero was expected")
    }

    @Test("sizes have a unit", arguments: [("512B", 512), ("64KiB", 65_536), ("1MiB", 1 << 20), ("1GiB", 1 << 30)])
    func sizes(_ text: String, bytes: Int) throws {
        #expect(try Configuration(text: "[limits]\nmax_message = \"\(text)\"\n").limits.maxMessage == bytes)
        #expect(ByteCount.text(bytes) == text)
    }

    @Test("what is no size, or out of bounds, is refused", arguments: ["511B", "1GB", "1", "", "KiB", "1025MiB", "9999999999GiB"])
    func notSizes(_ text: String) {
        #expect(problems("[limits]\nmax_message = \"\(text)\"\n").hasPrefix("skipd.toml:2: max_message is \"\(text)\", a size"))
    }

    @Test(
        "endpoints read back as they are written",
        arguments: [
            "tcp://127.0.0.1:5570", "tcp://*:5570", "tcp://[::1]:5570", "tcp://[fe80::1%eth0]:1", "tcp://localhost:65535", "tcp://eth0:1",
            "ipc:///run/skipd/control.sock", "ipc://@skipd", "ipc://relative",
        ])
    func endpoints(_ text: String) { #expect(Endpoint(text)?.text == text) }

    @Test(
        "what is no endpoint is none",
        arguments: [
            "", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:65536", "tcp://:5570", "tcp://a b:1", "tcp://::1:5570", "tcp://[]:1",
            "tcp://127.0.0.1:+1", "ipc://", "ipc://*", "inproc://x", "127.0.0.1:5570", "TCP://127.0.0.1:1", "ipc://" + String(repeating: "x", count: 108),
        ])
    func notEndpoints(_ text: String) { #expect(Endpoint(text) == nil) }

    @Test("a wildcard port is the system's choice")
    func wildcard() { #expect(Endpoint("tcp://127.0.0.1:*") == .tcp(host: "127.0.0.1", port: 0)) }

    @Test("only loopback addresses and files are local")
    func local() {
        for text in ["tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://[::1]:1", "tcp://localhost:1", "ipc://x"] { #expect(Endpoint(text)?.isLocal == true, "\(text)") }
        for text in ["tcp://*:1", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://127.example.com:1", "tcp://127.0.0.1.nip.io:1", "tcp://eth0:1", "tcp://10.0.0.1:1"] {
            #expect(Endpoint(text)?.isLocal == false, "\(text)")
        }
    }

    @Test("a client's file is the flag's, else the variable's, else the default")
    func location() throws {
        #expect(Configuration.path(flag: "a.toml", variable: "b.toml") == "a.toml")
        #expect(Configuration.path(flag: nil, variable: "b.toml") == "b.toml")
        #expect(Configuration.path(flag: nil, variable: "") == "/etc/skipd/skipd.toml")
        #expect(Configuration.path(flag: nil, variable: nil) == "/etc/skipd/skipd.toml")
        #expect(throws: ConfigurationError.self) { try Configuration.forClient(flag: nil, variable: "/nowhere/b.toml") }
    }
}
