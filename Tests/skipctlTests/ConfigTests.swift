import Foundation
import Testing

@Suite("skipctl config show")
struct ConfigTests {
    @Test("every key has its effective value and its origin: default, file and line, or command line")
    func origins() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("[results]\nbind = [\"tcp://127.0.0.1:7001\"]\n[[model]]\nname = \"m\"\npath = \"m.safetensors\"\n[[route]]\nmatch = \"a/*\"\nmodel = \"m\"\nemit = 50\n", to: "skipd.toml")
        let objects = try skipctl("config", "show", "--json", "--config", path, "--control", "ipc:///tmp/mine").objects()
        func setting(_ key: String) -> (value: Any?, origin: String?) {
            let object = objects.first { $0["key"] as? String == key }
            return (object?["value"], object?["origin"] as? String)
        }
        #expect(setting("results.bind").value as? [String] == ["tcp://127.0.0.1:7001"] && setting("results.bind").origin == "\(path):2")
        #expect(setting("route[0].emit").value as? Int == 50 && setting("route[0].emit").origin == "\(path):9")
        #expect(setting("limits.max_streams").value as? Int == 1_000_000 && setting("limits.max_streams").origin == "default")
        #expect(setting("control.bind").value as? String == "ipc:///tmp/mine" && setting("control.bind").origin == "command line, --control")
        #expect(setting("route[0].max_skip").value is NSNull)
    }

    @Test("what it prints is a configuration that says the same")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let shipped = RunningProgram.root.appending(path: "etc/skipd/skipd.toml").path
        let text = try skipctl("config", "show", "--config", shipped)
        #expect(text.status == 0 && text.lines[0] == "# \(shipped), named by --config")
        let again = try skipctl("config", "show", "--config", try folder.write(text.output, to: "again.toml"), "--json").objects()
        let first = try skipctl("config", "show", "--config", shipped, "--json").objects()
        #expect(again.map { "\($0["key"] ?? "") \($0["value"] ?? "")" } == first.map { "\($0["key"] ?? "") \($0["value"] ?? "")" })
    }

    @Test("keys select; none that matches is status 2; a broken file is told with its line")
    func selection() throws {
        let folder = try TemporaryFolder()
        let some = try skipctl("config", "show", "limits", "http.listen", "--json", "--config", try folder.write("", to: "a.toml")).objects()
        #expect(some.compactMap { $0["key"] as? String }.allSatisfy { $0.hasPrefix("limits.") || $0 == "http.listen" } && some.count > 3)
        #expect(try skipctl("config", "show", "nothing", "--config", folder.path("a.toml")).status == 2)
        let broken = try skipctl("config", "show", "--config", try folder.write("[limits]\nmax_streems = 1\n", to: "b.toml"))
        #expect(broken.status == 1 && broken.error.contains("b.toml:2: unknown key \"max_streems\""))
        let environment = try skipctl("config", "show", environment: ["SKIPD_CONFIG": folder.path("a.toml")])
        #expect(environment.lines.first == "# \(folder.path("a.toml")), named by $SKIPD_CONFIG")
    }
}
