import Foundation
import Glibc
import Testing
import ZeroMQ

/// `skipctl keygen`, and what it makes in use.
@Suite struct KeygenTests {
    private func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }

    @Test("a server's secret key is its owner's alone, and the public one belongs to it; none is overwritten")
    func server() throws {
        let folder = try TemporaryFolder()
        let made = try skipctl("keygen", "--server", "--output", folder.path("server.key"))
        #expect(made.status == 0)
        #expect(try mode(folder.path("server.key")) == 0o600)
        let text = try String(contentsOfFile: folder.path("server.key"), encoding: .utf8)
        let secret = try #require(text.split(separator: "\n").first { $0.contains("secret-key") }?.split(separator: "\"")[1])
        let pair = try CurveKeyPair(secretKey: String(secret))
        #expect(made.output == pair.publicKey + "\n")
        let publicText = try String(contentsOfFile: folder.path("server.key.pub"), encoding: .utf8)
        #expect(publicText.contains("public-key = \"\(pair.publicKey)\"") && !publicText.contains("secret-key"))
        let again = try skipctl("keygen", "--server", "--output", folder.path("server.key"))
        #expect(again.status == 1 && again.error.contains("is there already"))
        #expect(try String(contentsOfFile: folder.path("server.key"), encoding: .utf8) == text)
    }

    @Test("a device's line is printed, with the rights asked for, else for its own streams; nothing is written for one that skipd would refuse")
    func device() throws {
        let folder = try TemporaryFolder()
        let plain = try skipctl("keygen", "--device", "pump7", "--output", folder.path("a.key"))
        #expect(plain.status == 0 && plain.output.hasSuffix("  pump7  publish=[\"pump7\", \"pump7/**\"]\n"))
        #expect(try mode(folder.path("a.key")) == 0o600)
        let given = try skipctl("keygen", "--device", "pump7", "--publish", "plant1/**", "--subscribe", "hint/plant1/", "--output", folder.path("b.key"))
        #expect(given.output.hasSuffix("  pump7  publish=[\"plant1/**\"]  subscribe=[\"hint/plant1/\"]\n"))
        for arguments in [["--device", "two words"], ["--device", "a", "--subscribe", "results/"], ["--server", "--device", "a"], [], ["--server", "--publish", "x"]] {
            #expect(try RunningProgram("skipctl", ["keygen"] + arguments + ["--output", folder.path("c.key")]).finish().status == 64, "\(arguments)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("c.key")))
    }

    @Test("pub and tail show their keys to a daemon that asks for them, and say so where they have none")
    func inUse() throws {
        let folder = try TemporaryFolder()
        #expect(try skipctl("keygen", "--server", "--output", folder.path("server.key")).status == 0)
        let pump = try skipctl("keygen", "--device", "pump", "--publish", "watch/*", "--output", folder.path("pump.key"))
        let screen = try skipctl("keygen", "--device", "screen", "--subscribe", "result/watch/", "--output", folder.path("screen.key"))
        _ = try folder.write("# who may\n" + pump.output + screen.output, to: "authorized_keys")
        func configuration(_ ingest: String, _ results: String) throws -> String {
            try folder.write(
                """
                [ingest]
                bind = ["\(ingest)"]
                [results]
                bind = ["\(results)"]
                [control]
                bind = "ipc://\(folder.path("control"))"
                [http]
                listen = ""
                [state]
                directory = ""
                [security]
                server_key = "server.key"
                authorized_keys = "authorized_keys"
                [[model]]
                name = "watch"
                path = "\(Bundled.model)"
                [[route]]
                match = "watch/**"
                model = "watch"
                emit = "end"

                """, to: "skipd.toml")
        }
        let file = try configuration("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        let daemon = try RunningProgram("skipd", ["--config", file])
        #expect(try eventually { try skipctl("status", "--json", "--config", file).status == 0 }, "\(daemon.error)")
        let status = try #require(try skipctl("status", "--json", "--config", file).objects().first)
        // The client's file names the ports that the system chose.
        let ports = try [#require((status["ingest"] as? [String])?.first), #require((status["results_endpoints"] as? [String])?.first)]
        _ = try configuration(ports[0], ports[1])
        let serverKey = folder.path("server.key.pub")
        let tail = try RunningProgram("skipctl", ["tail", "watch/", "--json", "--count", "7", "--wait", "1m", "--key", folder.path("screen.key"), "--server-key", serverKey, "--config", file])
        #expect(try eventually { try skipctl("status", "--json", "--config", file).objects().first?["subscriptions"] as? Int == 1 })
        let published = try skipctl(
            "pub", "watch/{}", Bundled.recordings, "--batch", "50", "--end", "--key", folder.path("pump.key"), "--server-key", serverKey, "--config", file)
        #expect(published.status == 0, "\(published.error)")
        let tailed = tail.finish()
        #expect(tailed.status == 0 && tailed.lines.count == 7, "\(tailed)")
        // Without a key, with half of one, with one that isn't let in.
        let keyless = try skipctl("pub", "watch/1", "--generate", "sine", "--count", "1", "--config", file)
        #expect(keyless.status == 1 && keyless.error.contains("skipd asks for a key at \(ports[0])"))
        #expect(try skipctl("tail", "--config", file).status == 1)
        #expect(try skipctl("tail", "--key", folder.path("screen.key"), "--config", file).status == 64)
        #expect(try skipctl("keygen", "--device", "stranger", "--output", folder.path("stranger.key")).status == 0)
        let refused = try skipctl(
            "pub", "watch/1", "--generate", "sine", "--count", "1", "--wait", "1s", "--key", folder.path("stranger.key"), "--server-key", serverKey, "--config", file)
        #expect(refused.status == 2)
        // The other way round, a key that everybody may read is none.
        chmod(folder.path("pump.key"), 0o644)
        let open = try skipctl("pub", "watch/1", "--generate", "sine", "--count", "1", "--key", folder.path("pump.key"), "--server-key", serverKey, "--config", file)
        #expect(open.status == 1 && open.error.contains("chmod 600"))
        daemon.signal(SIGTERM)
        #expect(daemon.finish().status == 0)
    }
}
