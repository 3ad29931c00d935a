import Foundation
import SkipRNN
import Testing

@Suite("skipctl replay")
struct ReplayTests {
    /// Golden files whose start is a sequence's start, so that a replay can meet them.
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: Bundled.golden.path)) ?? []).sorted().filter { name in
        (try? Safetensors(contentsOf: Bundled.golden.appending(path: name).path).metadata["kind"]).map { ["forward", "grad"].contains($0) } ?? false
    }

    @Test("the golden files are there")
    func fixtures() { #expect(Self.files.count == 50) }

    @Test("an imported golden file's trace meets what was expected: gates exact, hidden states within 1e-5", arguments: files)
    func golden(name: String) throws {
        let folder = try TemporaryFolder()
        let path = Bundled.golden.appending(path: name).path
        let file = try Safetensors(contentsOf: path)
        let shape = try #require(file.entries["input"]?.shape)
        let (batch, timesteps, features) = (shape[0], shape[1], shape[2])
        try Recordings(file: name, channels: [], labels: [], sampleRate: nil, featureCount: features, samples: try #require(file.floats("input")), lengths: Array(repeating: timesteps, count: batch))
            .write(to: folder.path("recordings"))
        #expect(try skipctl("model", "import", path, "--out", folder.path("model")).status == 0)
        #expect(try skipctl("replay", folder.path("recordings"), "--model", folder.path("model"), "--trace", folder.path("trace")).status == 0)

        let trace = try Safetensors(contentsOf: folder.path("trace"))
        let expected = try #require(file.floats("expected/h"))
        let hidden = expected.count / (batch * timesteps)
        #expect(trace.entries["h"]?.shape == [batch * timesteps, hidden] && trace.entries["h"]?.type == .f32)
        #expect((zip(trace.floats("h") ?? [], expected).map { abs($0 - $1) }.max() ?? .infinity) <= 1e-5)
        #expect(trace.entries["gate"]?.shape == [batch * timesteps] && trace.entries["gate"]?.type == .u8)
        if let gates = file.floats("expected/gate") {
            #expect(trace.floats("gate") == gates)
            for (ours, theirs) in [("update_probability", "expected/update_prob"), ("cumulative_update_probability", "expected/cum_update_prob")] {
                #expect(trace.entries[ours]?.shape == [batch * timesteps])
                #expect((zip(trace.floats(ours) ?? [], try #require(file.floats(theirs))).map { abs($0 - $1) }.max() ?? .infinity) <= 1e-5)
            }
        } else {
            #expect(trace.floats("gate")?.allSatisfy { $0 == 1 } == true, "cells without a gate update at every timestep")
        }
    }

    @Test("a trace is inference, bit for bit, through whole recordings from the initial state")
    func trace() throws {
        let folder = try TemporaryFolder()
        let outcome = try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--trace", folder.path("trace"), "--json")
        #expect(outcome.status == 0)
        let trace = try Safetensors(contentsOf: folder.path("trace"))
        let recordings = try Recordings(contentsOf: Bundled.recordings)
        let model = Model(try ModelFile(contentsOf: Bundled.model))
        var (gates, h, increments, sums, logits): ([Int], [Float], [Float], [Float], [Float]) = ([], [], [], [], [])
        for range in recordings.ranges {
            var inference = Inference(model)
            for index in range {
                gates.append(inference.step(recordings.timestep(index)) == .updated ? 1 : 0)
                h += inference.hiddenState
                increments.append(inference.gate.updateProbabilityIncrement)
                sums.append(inference.gate.cumulativeUpdateProbability)
                logits += inference.logits
            }
        }
        #expect(trace.integers("gate") == gates)
        #expect(trace.floats("h") == h)
        #expect(trace.floats("update_probability") == increments)
        #expect(trace.floats("cumulative_update_probability") == sums)
        #expect(trace.floats("logits") == logits && trace.entries["logits"]?.shape == [gates.count, 7])

        let objects = try outcome.objects()
        #expect(objects.count == 8)
        let summary = try #require(objects.last)
        #expect(summary["summary"] as? Bool == true && summary["timesteps"] as? Int == gates.count && summary["updates"] as? Int == gates.reduce(0, +) && summary["recordings"] as? Int == 7)
        for (recording, object) in objects.dropLast().enumerated() {
            let range = recordings.ranges[recording]
            #expect(object["timesteps"] as? Int == range.count && object["updates"] as? Int == gates[range].reduce(0, +) && object["seq"] as? Int == range.count - 1)
            #expect(object["expected"] as? String == recordings.labels[try #require(recordings.classes)[recording]])
            #expect(object["correct"] as? Bool == ((object["label"] as? String) == (object["expected"] as? String)))
        }
    }

    @Test("--sequence divides recordings as a route does")
    func sequences() throws {
        let objects = try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--sequence", "200", "--json").objects()
        let lengths = try Recordings(contentsOf: Bundled.recordings).lengths
        #expect(objects.count == lengths.map { ($0 + 199) / 200 }.reduce(0, +) + 1)
        #expect(objects[0]["timesteps"] as? Int == 200 && objects[0]["seq"] as? Int == 199)
        #expect(objects[6]["timesteps"] as? Int == 133 && objects[6]["seq"] as? Int == 1332 && objects[6]["recording"] as? Int == 0)
        #expect(objects[7]["recording"] as? Int == 1)
        // One longer than any recording divides none.
        let whole = try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--sequence", String(Int.max), "--json").objects()
        #expect(whole.dropLast().compactMap { $0["timesteps"] as? Int } == lengths)
    }

    @Test("stretch and max_skip move the update rate, as a route's do")
    func gate() throws {
        func rate(_ arguments: String...) throws -> Double {
            try #require(try RunningProgram("skipctl", ["replay", Bundled.recordings, "--model", Bundled.model, "--json"] + arguments).finish().objects().last?["update_rate"] as? Double)
        }
        let plain = try rate()
        #expect(try rate("--stretch", "4") < plain)
        #expect(try rate("--max-skip", "1") > 0.5)
    }

    @Test("values that are not finite are rejected where they are due, and don't matter where they are skipped")
    func rejected() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("ax,ay,az,wx,wy,wz\n" + (0..<40).map { $0 == 0 ? "nan,0,0,0,0,0\n" : "0.1,\($0),0.3,1,2,3\n" }.joined(), to: "x.csv")
        let object = try #require(try skipctl("replay", path, "--model", Bundled.model, "--json").objects().first)
        #expect(object["rejected"] as? Int == 1 && object["timesteps"] as? Int == 40)
        #expect(try skipctl("replay", path, "--model", Bundled.model).output.contains("1 timestep rejected for values that are not finite"))
    }

    @Test("a recording of another width is refused; other channel names are warned about")
    func mismatch() throws {
        let folder = try TemporaryFolder()
        let narrow = try folder.write("a,b\n1,2\n", to: "narrow.csv")
        let outcome = try skipctl("replay", narrow, "--model", Bundled.model)
        #expect(outcome.status == 1 && outcome.error == "skipctl: \(narrow): has 2 features a timestep, the model reads 6\n")
        let other = try folder.write("a,b,c,d,e,f\n1,2,3,4,5,6\n", to: "other.csv")
        let warned = try skipctl("replay", other, "--model", Bundled.model)
        #expect(warned.status == 0 && warned.error.hasPrefix("skipctl: warning: \(other): its channels are a, b, c, d, e, f"))
    }

    @Test("classes are compared by name, whatever their order in the file")
    func labelsByName() throws {
        let folder = try TemporaryFolder()
        var recordings = try Recordings(contentsOf: Bundled.recordings)
        recordings.classes = recordings.classes?.map { recordings.labels.count - 1 - $0 }
        recordings.labels.reverse()
        try recordings.write(to: folder.path("r"))
        let (a, b) = (try skipctl("replay", Bundled.recordings, "--model", Bundled.model, "--json"), try skipctl("replay", folder.path("r"), "--model", Bundled.model, "--json"))
        #expect(a.output == b.output)
    }

    @Test("regression prints values and the error against targets")
    func regression() throws {
        let folder = try TemporaryFolder()
        var generator = SystemRandomNumberGenerator()
        let architecture = Architecture(cell: .skipGRU, task: .regression, inputSize: 1, hiddenSizes: [4], outputSize: 2)
        let tensors = architecture.parameters.map { ($0.name, ModelFile.Tensor(shape: $0.shape, values: (0..<$0.shape.reduce(1, *)).map { _ in Float.random(in: 0.1...1, using: &generator) })) }
        let model = try ModelFile(architecture, metadata: ModelMetadata(), tensors: Dictionary(uniqueKeysWithValues: tensors), file: "m")
        try model.write(to: folder.path("m"))
        try Recordings(file: "r", channels: [], labels: [], sampleRate: nil, featureCount: 1, samples: [1, 2, 3], lengths: [2, 1], targets: [0, 0, 1, 1]).write(to: folder.path("r"))
        let objects = try skipctl("replay", folder.path("r"), "--model", folder.path("m"), "--json").objects()
        let values = try #require(objects[0]["value"] as? [Double])
        #expect(values.count == 2 && objects[0]["label"] == nil)
        #expect(abs(try #require(objects[0]["squared_error"] as? Double) - (values[0] * values[0] + values[1] * values[1]) / 2) < 1e-6)
        #expect(objects[2]["mean_squared_error"] is Double)
    }

    @Test("a table for people, and no colour where nobody sees it")
    func table() throws {
        let outcome = try skipctl("replay", Bundled.recordings, "--model", Bundled.model)
        #expect(outcome.lines.count == 9 && outcome.lines[0].hasPrefix("recording  label  predicted"))
        #expect(outcome.lines[8].hasPrefix("7 sequences, 10,662 timesteps, ") && outcome.lines[8].contains("accuracy ") && outcome.lines[8].hasSuffix(" of 7)."))
        #expect(!outcome.output.contains("\u{1B}"))
    }

    @Test("an empty recording is a line without timesteps")
    func empty() throws {
        let folder = try TemporaryFolder()
        try Recordings(file: "r", channels: [], labels: [], sampleRate: nil, featureCount: 6, samples: [], lengths: [0]).write(to: folder.path("r"))
        let outcome = try skipctl("replay", folder.path("r"), "--model", Bundled.model, "--json", "--trace", folder.path("t"))
        #expect(outcome.status == 0)
        #expect(try outcome.objects().first?["timesteps"] as? Int == 0)
        #expect(try Safetensors(contentsOf: folder.path("t")).entries["h"]?.shape == [0, 48])
    }
}
