import Foundation
import Glibc
import Testing

@Suite("skipctl demo")
struct DemoTests {
    /// A folder for the demo's temporary files, so that what it leaves can be seen.
    private func run(_ arguments: [String], in folder: TemporaryFolder) throws -> RunningProgram {
        try RunningProgram("skipctl", ["demo"] + arguments, environment: ["TMPDIR": folder.url.path])
    }

    /// Processes that have a text in their command line.
    private func processes(_ text: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { $0.first?.isNumber == true }.filter { process in
            // Files below /proc have no size: they are read to their end.
            guard let handle = FileHandle(forReadingAtPath: "/proc/\(process)/cmdline"), let data = try? handle.readToEnd() else { return false }
            return String(decoding: data, as: UTF8.self).contains(text)
        }
    }

    private func isClean(_ folder: TemporaryFolder) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty && processes(folder.url.path).isEmpty
    }

    @Test("it ends by itself, and its finals are an offline replay's, field by field")
    func finals() throws {
        let folder = try TemporaryFolder()
        let outcome = try run(["--speed", "20", "--json"], in: folder).finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
        let objects = try outcome.objects()
        let replayed = try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--sequence", "200", "--json").objects()
        var finals: [String: [[String: Any]]] = [:]
        for object in objects where object["final"] as? Bool == true { finals[try #require(object["stream"] as? String), default: []].append(object) }
        #expect(finals.count == 7)
        for (stream, results) in finals {
            let expected = replayed.filter { ($0["expected"] as? String).map { "watch/\($0)" } == stream }
            #expect(results.count == expected.count, "\(stream)")
            for (result, expected) in zip(results, expected) {
                for key in ["seq", "label", "index", "p", "updates", "timesteps"] {
                    #expect("\(result[key] ?? "")" == "\(expected[key] ?? "")", "\(key) of \(stream) at \(result["seq"] ?? "")")
                }
            }
        }
        let (summary, replaySummary) = (try #require(objects.last), try #require(replayed.last))
        for key in ["timesteps", "updates", "accuracy", "sequences"] { #expect("\(summary[key] ?? "")" == "\(replaySummary[key] ?? "-")", "\(key)") }
        #expect(try isClean(folder))
    }

    @Test("people see lines with a running update rate, and a summary")
    func lines() throws {
        let folder = try TemporaryFolder()
        let outcome = try run(["--speed", "30"], in: folder).finish()
        #expect(outcome.status == 0)
        #expect(outcome.lines.contains { $0.contains("watch/ABD") && $0.contains("right") && $0.hasSuffix("%") })
        for part in ["accuracy:", "timesteps:           10,662", "update rate:", "never computed:"] { #expect(outcome.output.contains(part), "\(part)") }
    }

    @Test("however it ends, nothing stays behind", arguments: [SIGINT, SIGTERM, SIGHUP])
    func interrupted(signal: Int32) throws {
        let folder = try TemporaryFolder()
        let demo = try run(["--speed", "0.5"], in: folder)
        #expect(eventually { demo.output.split(separator: "\n").count > 4 })
        #expect(processes(folder.url.path).count == 1, "the daemon runs")
        demo.signal(signal)
        #expect(demo.finish().status == 128 + signal)
        #expect(try isClean(folder))
    }

    @Test("a model's path may be relative to where the demo is started")
    func relative() throws {
        let folder = try TemporaryFolder()
        let up = String(repeating: "../", count: FileManager.default.currentDirectoryPath.split(separator: "/").count)
        let outcome = try run(["--speed", "20", "--model", "\(up)\(Bundled.model.dropFirst())"], in: folder).finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
    }

    @Test("even where it is killed, the daemon goes with it", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
    func killed() throws {
        let folder = try TemporaryFolder()
        let demo = try run(["--speed", "0.5"], in: folder)
        #expect(eventually { demo.output.split(separator: "\n").count > 4 })
        demo.signal(SIGKILL)
        _ = demo.finish()
        #expect(eventually { processes(folder.url.path).isEmpty })
    }

    @Test("what can't be played is refused before a daemon is started")
    func refusals() throws {
        let folder = try TemporaryFolder()
        for (arguments, sentence) in [
            (["--model", "/nowhere"], "/nowhere: can't be opened: No such file or directory"),
            (["--recordings", Bundled.model], "its metadata format is skip-model, skip-recordings was expected"),
        ] {
            let outcome = try run(arguments, in: folder).finish()
            #expect(outcome.status == 1 && outcome.error.contains(sentence) && outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
        }
        #expect(try isClean(folder))
    }
}
