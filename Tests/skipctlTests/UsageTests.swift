import Foundation
import Glibc
import SkipRNN
import Testing

@Suite("skipctl: exit statuses and sentences")
struct UsageTests {
    @Test("help and version are no errors")
    func help() throws {
        for arguments in [["--help"], ["help", "tail"], ["model", "inspect", "--help"], ["--version"]] {
            let outcome = try RunningProgram("skipctl", arguments).finish()
            #expect(outcome.status == 0 && !outcome.output.isEmpty && outcome.error.isEmpty, "\(arguments)")
        }
    }

    @Test("wrong usage is status 64 and says what was wrong on standard error", arguments: [
        ["fly"], ["replay"], ["replay", "x", "--json"], ["replay", "x", "--model", "y", "--speed", "2"], ["replay", "x", "--model", "y", "--sequence", "-1"], ["replay", "x", "--model", "y", "--stretch", "0.5"],
        ["replay", "x", "--model", "y", "--max-skip", "0"], ["model"], ["model", "import", "x"], ["model", "import", "x", "--out", "y", "--task", "guess"],
        ["model", "import", "x", "--out", "y", "--sample-rate", "0"], ["tail", "--count", "0"], ["tail", "--wait", "5"], ["tail", "--format", "{nothing}"],
        ["tail", "--format", "{stream"], ["tail", "--json", "--format", "{p}"], ["pub"], ["pub", ""], ["pub", "a\u{7}b"], ["pub", String(repeating: "x", count: 256)],
        ["pub", "x", "--batch", "0"], ["pub", "x", "--batch", "65536"], ["pub", "x", "--rate", "0"], ["pub", "x", "--generate", "noise"], ["pub", "x", "f.csv", "--speed", "1"],
        ["pub", "x", "f.csv", "--generate", "sine"], ["pub", "x{}", "f.csv"], ["pub", "x", "--generate", "sine", "--features", "1000001"], ["pub", "x", "-n", "3"], ["pub", "x", "--ingest", "udp://a"], ["reset"], ["reset", "x", "--prefix", "y"],
        ["streams", "--sort", "colour"], ["streams", "--limit", "0"], ["status", "--timeout", "soon"], ["demo", "--speed", "0"],
        ["top", "--sort", "colour"], ["top", "--interval", "1ms"], ["top", "--count", "0"], ["record"], ["record", "x", "--count", "0"], ["replay", "x", "--speed", "-1"], ["replay", "x", "--speed", "1", "--rate", "5"],
        ["bench", "--streams", "0"], ["bench", "--stream", "x"], ["bench", "--control", "ipc:///x"], ["config", "show", "--control", "udp://x"],
    ] as [[String]])
    func usage(arguments: [String]) throws {
        // `skipctl model` alone shows its help; everything else here is an error.
        let outcome = try RunningProgram("skipctl", arguments).finish()
        if arguments == ["model"] {
            #expect(outcome.status == 0)
        } else {
            #expect(outcome.status == 64, "\(arguments): \(outcome.error)")
            #expect(outcome.error.hasPrefix("Error: ") && outcome.output.isEmpty, "\(arguments)")
        }
    }

    @Test("a failure is status 1 and one sentence on standard error")
    func failures() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("this is no safetensors file", to: "text.safetensors")
        let cases: [([String], String)] = [
            (["replay", "/nowhere", "--model", Bundled.model], "/nowhere: can't be opened: No such file or directory"),
            (["replay", Bundled.recordings, "--model", "/nowhere"], "/nowhere: can't be opened: No such file or directory"),
            (["replay", Bundled.recordings, "--model", text], "\(text): its header would be 2338328219631577204 bytes long, at most 100,000,000 are allowed; it is not a safetensors file, or is damaged"),
            (["replay", Bundled.recordings, "--model", Bundled.recordings], "\(Bundled.recordings): its metadata format is skip-recordings, skip-model was expected; `skipctl model import` converts other weights"),
            (["replay", Bundled.recordings, "--model", Bundled.model, "--trace", "/nowhere/t"], "/nowhere/t: can't be written: No such file or directory"),
            (["model", "inspect", "/tmp"], "/tmp: is a directory, a file was expected"),
            (["model", "import", Bundled.recordings, "--out", folder.path("m")], "\(Bundled.recordings): has neither the authors' TensorFlow variables (rnn/SkipGRUCell/…) nor tensors of torch.nn.GRU or nn.LSTM (weight_ih_l0, …); it begins with groups, labels, lengths"),
            (["status", "--control", "ipc://\(folder.path("none"))"], "no skipd answers at ipc://\(folder.path("none")): is it running? `systemctl status skipd` tells"),
            (["status", "--control", "tcp://127.0.0.1:9", "--timeout", "100ms"], "no skipd answers at tcp://127.0.0.1:9: is it running? `systemctl status skipd` tells"),
            (["pub", "x", "/nowhere.csv"], "/nowhere.csv: can't be opened: No such file or directory"),
            (["pub", "x", Bundled.recordings, "--recording", "7"], "\(Bundled.recordings): has no recording 7, they are counted from 0 to 6"),
            (["pub", "x", "--generate", "sine", "--ingest", "ipc://\(folder.path("none"))", "--wait", "100ms"], "no skipd takes samples at ipc://\(folder.path("none")): is it running? `systemctl status skipd` tells"),
            (["tail", "--config", "/nowhere.toml"], "/nowhere.toml: "),
        ]
        for (arguments, sentence) in cases {
            let outcome = try RunningProgram("skipctl", arguments).finish()
            // A time limit that was asked for and ran out has a status of its own.
            #expect(outcome.status == (arguments.contains("--wait") ? 2 : 1), "\(arguments)")
            #expect(outcome.error.hasPrefix("skipctl: \(sentence)") && outcome.error.split(separator: "\n").count == 1, "\(arguments): \(outcome.error)")
            #expect(outcome.output.isEmpty, "\(arguments)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("m")), "a failed import leaves no file")
    }

    @Test("the environment names the configuration, the flag comes before it")
    func configuration() throws {
        let folder = try TemporaryFolder()
        let one = try folder.write("[control]\nbind = \"ipc://\(folder.path("one"))\"\n", to: "one.toml")
        let two = try folder.write("[control]\nbind = \"ipc://\(folder.path("two"))\"\n", to: "two.toml")
        #expect(try skipctl("status", environment: ["SKIPD_CONFIG": one]).error.contains(folder.path("one")))
        #expect(try skipctl("status", "--config", two, environment: ["SKIPD_CONFIG": one]).error.contains(folder.path("two")))
        #expect(try skipctl("status", "--config", two, "--control", "ipc://\(folder.path("three"))").error.contains(folder.path("three")))
    }

    @Test("a trace can go into a pipe")
    func pipe() throws {
        let folder = try TemporaryFolder()
        let recording = try folder.write("a,b,c,d,e,f\n1,2,3,4,5,6\n", to: "x.csv")
        let path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        #expect(try skipctl("replay", recording, "--model", Bundled.model, "--trace", path).status == 0)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(reader, &bytes, bytes.count)
        #expect(try Safetensors(bytes: Array(bytes.prefix(max(0, count))), file: "trace").entries["h"]?.shape == [1, 48])
    }
}
