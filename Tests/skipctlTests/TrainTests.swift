import Foundation
import Glibc
import SkipRNN
import Testing

/// Two classes of sines with noise, three recordings each in four groups; small enough for a training of a second.
enum Sines {
    static func write(to path: String, labels: [String] = ["fast", "slow"], change: (inout [Float], inout [Int], inout [Int]) -> Void = { _, _, _ in }) throws {
        var state: UInt64 = 7
        func noise() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
        }
        var (samples, lengths, classes, groups): ([Float], [Int], [Int], [Int]) = ([], [], [], [])
        for index in 0..<24 {
            let period: Float = index % 2 == 0 ? 5 : 13
            let phase = 6 * noise()
            for t in 0..<40 {
                samples += [sin(2 * .pi * Float(t) / period + phase) + 0.2 * noise(), noise(), cos(2 * .pi * Float(t) / period + phase)]
            }
            lengths.append(40)
            classes.append(index % 2)
            groups.append(index / 6)
        }
        change(&samples, &lengths, &classes)
        var writer = SafetensorsWriter(metadata: ["format": "skip-recordings", "version": "1", "labels": "[\(labels.map { "\"\($0)\"" }.joined(separator: ","))]", "channels": "[\"x\",\"y\",\"z\"]", "sample_rate_hz": "50"])
        writer.add("samples", shape: [samples.count / 3, 3], floats: samples)
        writer.add("lengths", shape: [lengths.count], integers: lengths)
        writer.add("labels", shape: [classes.count], integers: classes)
        writer.add("groups", shape: [groups.count], integers: groups)
        try writer.write(to: path)
    }

    /// A training with everything on that could differ from run to run.
    static func training(_ recordings: String, model: String, epochs: Int = 3) -> [String] {
        [
            "train", recordings, "--model", model, "--hidden", "8", "--window", "30", "--stride", "5", "--batch", "8", "--epochs", "\(epochs)", "--learning-rate", "5e-3", "--schedule", "cosine",
            "--target-update-rate", "0.3", "--initial-update-rate", "0.5", "--weight-decay", "0.1", "--validation-groups", "1", "--test-groups", "2", "--augment-rotation", "20", "--augment-scale", "0.1",
            "--augment-noise", "0.1", "--augment-speed", "0.1", "--augment-crop", "0.3", "--augment-stretch", "4", "--augment-mirror", "x,z", "--augment-shift",
        ]
    }
}

@Suite("skipctl train")
struct TrainTests {
    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    /// The files of a folder that don't belong there after a training.
    private func leftovers(_ folder: TemporaryFolder, besides: Set<String>) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { !besides.contains($0) }.sorted()
    }

    @Test("the same seed gives the same file, on one thread as on two; another seed gives another")
    func seeds() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        for (name, more) in [("a", []), ("b", ["--threads", "1"]), ("c", ["--seed", "2"])] as [(String, [String])] {
            let outcome = try RunningProgram("skipctl", Sines.training(data, model: folder.path(name)) + more).finish()
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output.contains("true class") && outcome.output.contains("test: 18 sequences") && outcome.output.contains("wrote \(folder.path(name))"), "\(outcome.output)")
        }
        #expect(try bytes(folder.path("a")) == bytes(folder.path("b")))
        #expect(try bytes(folder.path("a")) != bytes(folder.path("c")))
        #expect(try leftovers(folder, besides: ["data", "a", "b", "c"]) == [])
        let file = try ModelFile(contentsOf: folder.path("a"))
        // The file says what to type for it: the same command, wherever it ran, gives the same file.
        #expect(file.metadata.training["command"] == (["skipctl"] + Sines.training("data", model: "").filter { !["--model", ""].contains($0) }).joined(separator: " "))
        #expect(file.metadata.labels == ["fast", "slow"] && file.metadata.channels == ["x", "y", "z"] && file.metadata.sampleRate == 50 && file.metadata.sequenceLength == 30)
    }

    @Test("interrupted at some moment, a training says so, writes no model, and goes on to the same file", arguments: [0, 30, 80, 150, 300])
    func interrupted(milliseconds: UInt32) throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        #expect(try RunningProgram("skipctl", Sines.training(data, model: folder.path("whole"), epochs: 40)).finish().status == 0)
        let arguments = Sines.training(data, model: folder.path("m"), epochs: 40)
        let program = try RunningProgram("skipctl", arguments)
        #expect(eventually { FileManager.default.fileExists(atPath: folder.path("m.checkpoint")) || !program.isRunning })
        usleep(milliseconds * 1000)
        program.signal(SIGINT)
        let first = program.finish()
        if first.status != 0 {
            #expect(first.status == 1 && first.error.contains("skipctl: interrupted in epoch ") && first.error.contains("with --resume goes on, and no model was written"), "\(first.error)")
            #expect(!FileManager.default.fileExists(atPath: folder.path("m")))
            let second = try RunningProgram("skipctl", arguments + ["--resume"]).finish()
            #expect(second.status == 0, "\(second.error)")
        }
        #expect(try bytes(folder.path("m")) == bytes(folder.path("whole")))
        #expect(try leftovers(folder, besides: ["data", "m", "whole"]) == [])
    }

    @Test("killed in any write to the disk, a training leaves no half file, and goes on to the same model")
    func killed() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        #expect(try RunningProgram("skipctl", Sines.training(data, model: folder.path("whole"))).finish().status == 0)
        let library = try Faults.library(in: folder)
        let arguments = Sines.training(data, model: folder.path("m")) + ["--checkpoint-interval", "0"]
        var (call, kills) = (1, 0)
        while call < 200 {
            for name in ["m", "m.checkpoint"] { try? FileManager.default.removeItem(atPath: folder.path(name)) }
            let first = try RunningProgram("skipctl", arguments, environment: ["LD_PRELOAD": library, "FAULT_FOLDER": folder.path("m"), "FAULT_KILL": "\(call)"]).finish()
            if first.status == 0 { break }
            kills += 1
            #expect(first.status == 128 + SIGKILL, "\(first.error)")
            // Whatever is there under the model's name is the model.
            if FileManager.default.fileExists(atPath: folder.path("m")) { #expect(try bytes(folder.path("m")) == bytes(folder.path("whole")), "call \(call)") }
            let second = try RunningProgram("skipctl", arguments + ["--resume"]).finish()
            #expect(second.status == 0, "call \(call): \(second.error)")
            #expect(try bytes(folder.path("m")) == bytes(folder.path("whole")), "call \(call)")
            #expect(try leftovers(folder, besides: ["data", "m", "whole", "faults.so"]) == [], "call \(call)")
            call += 5
        }
        #expect(kills > 5 && call < 200, "\(kills) kills")
    }

    @Test("a full disk, at once or later, is one sentence, and no half model is left")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        let full = try folder.write("", to: "full")
        let environment = ["LD_PRELOAD": try Faults.library(in: folder), "FAULT_FOLDER": folder.path("m"), "FAULT_WHILE": full, "FAULT_ERRNO": "\(ENOSPC)"]
        let atOnce = try RunningProgram("skipctl", Sines.training(data, model: folder.path("m")), environment: environment).finish()
        #expect(atOnce.status == 1 && atOnce.error == "skipctl: \(folder.path("m")).checkpoint: can't be written: No space left on device\n", "\(atOnce.error)")

        try FileManager.default.removeItem(atPath: full)
        let later = try RunningProgram("skipctl", Sines.training(data, model: folder.path("m"), epochs: 40_000), environment: environment)
        #expect(eventually { FileManager.default.fileExists(atPath: folder.path("m.checkpoint")) })
        _ = try folder.write("", to: "full")
        later.signal(SIGINT)
        let outcome = later.finish()
        #expect(outcome.status == 1 && outcome.error.hasSuffix("skipctl: \(folder.path("m")).checkpoint: can't be written: No space left on device\n"), "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("m")))
        // The checkpoint from before is whole: with room again, the training goes on.
        try FileManager.default.removeItem(atPath: full)
        let resumed = try RunningProgram("skipctl", Sines.training(data, model: folder.path("m"), epochs: 40_000) + ["--resume"], environment: environment)
        #expect(eventually { resumed.catches(SIGINT) })
        resumed.signal(SIGINT)
        #expect(resumed.finish().error.contains("interrupted in epoch"))
    }

    @Test("bad input is status 1 and one sentence that names the file and the place; no model is written")
    func badInput() throws {
        let folder = try TemporaryFolder()
        func csv(_ name: String, _ files: [String: String]) throws -> String {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            for (file, text) in files { _ = try folder.write(text, to: "\(name)/\(file)") }
            return folder.path(name)
        }
        let good = "x,y,label\n1,2,a\n3,4,a\n"
        let (data, outside, nan, empty, text) = (folder.path("data"), folder.path("outside"), folder.path("nan"), folder.path("empty"), try folder.write("no recordings", to: "text"))
        try Sines.write(to: data)
        try Sines.write(to: outside) { _, _, classes in classes[3] = 2 }
        try Sines.write(to: nan) { samples, _, _ in samples[(40 * 5 + 7) * 3 + 1] = .nan }
        try Sines.write(to: empty, labels: ["fast", "slow", "never"])
        let cases: [(data: String, more: [String], sentence: String)] = [
            (outside, [], "\(outside): recording 3 has label 2, but there are 2 classes"),
            (nan, [], "\(nan): recording 5 has nan in y at timestep 7"),
            (empty, [], "\(empty): the class never has no recording in the training part"),
            (data, ["--window", "41"], "\(data): its longest recording has 40 timesteps, fewer than a window of 41"),
            (data, ["--test-groups", "9"], "\(data): has no group 9; its groups are 0, 1, 2, 3"),
            (data, ["--augment-mirror", "x,w"], "\(data): has no channel w for --augment-mirror; its channels are x, y, z"),
            (data, ["--initial", Bundled.model], "\(data): has 3 channels, but the model reads 6"),
            (text, [], "\(text): "),
            ("/nowhere", [], "/nowhere: can't be opened"),
            (try csv("a", ["1.csv": good, "2.csv": "x,y,label\n1,2,b\n1,nan,b\n"]), [], "\(folder.path("a"))/2.csv: line 3 has nan"),
            (try csv("b", ["1.csv": good, "2.csv": "x,label\n1,b\n"]), [], "\(folder.path("b"))/2.csv: line 1 has the channels x"),
            (try csv("c", ["1.csv": good, "2.csv": "x,y,label\n1,2,b\n1,b\n"]), [], "\(folder.path("c"))/2.csv: line 3 has 2 values"),
            (try csv("d", ["1.csv": good, "2.csv": "x,y,label\n1,2,b\n1,2,a\n"]), [], "\(folder.path("d"))/2.csv: line 3 has the label a"),
            // Said before anything is trained, not after.
            (data, ["--report", "/nowhere/r.html"], "/nowhere/r.html: can't be written: No such file or directory"),
            (data, ["--report", folder.url.path], "\(folder.url.path): can't be written: Is a directory"),
            (data, ["--model", folder.url.path], "\(folder.url.path): can't be written: Is a directory"),
            (try csv("e", ["1.csv": "x,y\n1,2\n"]), [], "\(folder.path("e")): has no labels"),
            (try csv("f", [:]), [], "\(folder.path("f")): has no CSV file"),
        ]
        for (data, more, sentence) in cases {
            let model = more.contains("--model") ? [] : ["--model", folder.path("m")]
            let outcome = try RunningProgram("skipctl", ["train", data, "--hidden", "4", "--epochs", "1"] + model + more).finish()
            #expect(outcome.status == 1, "\(sentence): \(outcome.output)")
            #expect(outcome.error.hasPrefix("skipctl: \(sentence)") && outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
            #expect(!FileManager.default.fileExists(atPath: folder.path("m")) && !FileManager.default.fileExists(atPath: folder.path("m.checkpoint")), "\(sentence)")
        }
        let unwritable = try RunningProgram("skipctl", ["train", data, "--model", "/nowhere/m", "--epochs", "1"]).finish()
        #expect(unwritable.status == 1 && unwritable.error == "skipctl: /nowhere/m: can't be written: No such file or directory\n", "\(unwritable.error)")
    }

    @Test("a checkpoint of other options or data is refused, not continued")
    func otherCheckpoint() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        let program = try RunningProgram("skipctl", Sines.training(data, model: folder.path("m"), epochs: 40_000))
        #expect(eventually { FileManager.default.fileExists(atPath: folder.path("m.checkpoint")) })
        program.signal(SIGTERM)
        #expect(program.finish().status == 1)
        let outcome = try RunningProgram("skipctl", Sines.training(data, model: folder.path("m"), epochs: 40_000) + ["--resume", "--seed", "3"]).finish()
        #expect(outcome.status == 1 && outcome.error.hasPrefix("skipctl: \(folder.path("m.checkpoint")): is the checkpoint of another training"), "\(outcome.error)")
    }

    @Test("each group is held out in turn: nothing of it trains, and the summary names the worst")
    func leaveOneOut() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        let outcome = try RunningProgram("skipctl", ["train", data, "--model", folder.path("m"), "--hidden", "6", "--window", "30", "--batch", "8", "--epochs", "2", "--leave-one-group-out", "--json", "--report", folder.path("r.html")]).finish()
        #expect(outcome.status == 0, "\(outcome.error)")
        let objects = try outcome.objects()
        let folds = objects.filter { $0["part"] as? String == "held-out group" }
        #expect(folds.compactMap { $0["group"] as? Int } == [0, 1, 2, 3])
        // Six recordings of a group, each one window of 30 within 40 timesteps: every one judged once, and by one fold alone.
        #expect(folds.allSatisfy { $0["sequences"] as? Int == 6 })
        let summary = try #require(objects.first { $0["part"] as? String == "leave one group out" })
        #expect(summary["worst_accuracy"] as? Double == folds.compactMap { $0["accuracy"] as? Double }.min())
        try Reports.check(folder.path("r.html"), contains: ["Each group held out", "All held-out groups together", "<svg"])
    }

    @Test("the progress bar says loss, accuracy and update rate, and never fills a terminal's line", arguments: [80, 60] as [UInt16])
    func progressBar(columns: UInt16) throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        let terminal = try PseudoTerminal(Sines.training(data, model: folder.path("m"), epochs: 300), columns: columns)
        #expect(terminal.finish() == 0)
        let lines = terminal.output.split(separator: "\r\u{1B}[K").filter { $0.contains("epoch") && !$0.contains("\n") }
        #expect(lines.count > 10 && lines.allSatisfy { $0.count < Int(columns) }, "\(lines.max { $0.count < $1.count } ?? "")")
        #expect(lines.allSatisfy { $0.contains("/300  loss ") && $0.contains("  accuracy ") && $0.contains("%  updates ") }, "\(lines.first ?? "")")
    }

    @Test("folders are groups that go by their names: held out, in turn, and in a refusal")
    func namedGroups() throws {
        let folder = try TemporaryFolder()
        for (person, name) in ["anna", "bert", "cleo"].enumerated() {
            try FileManager.default.createDirectory(atPath: folder.path("data/\(name)"), withIntermediateDirectories: true)
            for label in ["sit", "walk"] {
                let lines = (0..<40).map { "\(label == "sit" ? 0.01 * Double(person) : Double(($0 + person) % 5)),\($0 % 2),\(label)" }
                _ = try folder.write("x,y,label\n\(lines.joined(separator: "\n"))\n", to: "data/\(name)/\(label).csv")
            }
        }
        let common = ["train", folder.path("data"), "--model", folder.path("m"), "--hidden", "4", "--window", "20", "--batch", "4", "--epochs", "2"]
        let held = try RunningProgram("skipctl", common + ["--test-groups", "bert", "--validation-groups", "anna"]).finish()
        // Two recordings of 40 timesteps, three windows of 20 in each.
        #expect(held.status == 0 && held.output.contains("test: 6 sequences"), "\(held.error)\(held.output)")
        let turns = try RunningProgram("skipctl", common + ["--leave-one-group-out"]).finish()
        for name in ["anna", "bert", "cleo"] { #expect(turns.output.contains("group \(name) held out: accuracy "), "\(turns.output)") }
        let one = try RunningProgram("skipctl", ["eval", folder.path("m"), folder.path("data"), "--groups", "cleo"]).finish()
        #expect(one.status == 0 && one.output.contains("6 sequences"), "\(one.error)\(one.output)")
        let unknown = try RunningProgram("skipctl", common + ["--test-groups", "dora"]).finish()
        #expect(unknown.status == 1 && unknown.error == "skipctl: \(folder.path("data")): has no group dora; its groups are anna, bert, cleo\n", "\(unknown.error)")
    }

    @Test("killed while the second group is held out, a training goes on to the same groups' results and the same model")
    func leaveOneOutKilled() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        func arguments(_ model: String) -> [String] {
            ["train", data, "--model", folder.path(model), "--hidden", "6", "--window", "30", "--batch", "8", "--epochs", "200", "--leave-one-group-out", "--json", "--checkpoint-interval", "0"]
        }
        let whole = try RunningProgram("skipctl", arguments("whole")).finish()
        #expect(whole.status == 0, "\(whole.error)")
        let program = try RunningProgram("skipctl", arguments("m"))
        #expect(eventually { FileManager.default.fileExists(atPath: folder.path("m.checkpoint.group-1")) || !program.isRunning })
        program.signal(SIGKILL)
        _ = program.finish()
        let resumed = try RunningProgram("skipctl", arguments("m") + ["--resume"]).finish()
        #expect(resumed.status == 0, "\(resumed.error)")
        func folds(_ outcome: RunningProgram.Outcome) throws -> [Double] { try outcome.objects().filter { $0["part"] as? String == "held-out group" }.compactMap { $0["loss"] as? Double } }
        #expect(try folds(resumed).count == 4 && folds(resumed) == folds(whole))
        #expect(try bytes(folder.path("m")) == bytes(folder.path("whole")))
        #expect(try leftovers(folder, besides: ["data", "m", "whole"]) == [])
    }

    @Test("the paper's tasks train from the command line, and say whether they are solved", arguments: [
        ["--task", "adding", "--task-length", "10"], ["--task", "frequency", "--sampling-period", "10", "--cell", "lstm", "--skip-probability", "0.5"],
    ])
    func tasks(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let outcome = try RunningProgram("skipctl", ["train", "--model", folder.path("m"), "--hidden", "4", "--batch", "4", "--epochs", "1"] + arguments).finish()
        #expect(outcome.status == 0 && outcome.output.contains("after 300 iterations") && outcome.output.contains("not solved"), "\(outcome.error)\(outcome.output)")
        #expect(try ModelFile(contentsOf: folder.path("m")).metadata.sequenceLength == 10)
    }
}

/// `Tests/Faults/faults.c`, which stands between a program and its disk.
enum Faults {
    /// Compiles it by the toolchain's own C compiler.
    static func library(in folder: TemporaryFolder) throws -> String {
        let library = folder.path("faults.so")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", library, RunningProgram.root.appending(path: "Tests/Faults/faults.c").path, "-ldl"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "the faults can't be compiled")
        return library
    }
}
