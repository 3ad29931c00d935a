import Foundation
import SkipRNN
import Testing

/// What every HTML report must be.
enum Reports {
    /// One file that fetches nothing.
    static func check(_ path: String, contains parts: [String], _ location: SourceLocation = #_sourceLocation) throws {
        let page = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(page.hasPrefix("<!doctype html>") && page.contains("</html>"), sourceLocation: location)
        for outside in ["http:", "https:", "src=", "href=", "@import", "url(", "<script", "<link", "<iframe"] {
            #expect(!page.contains(outside), "\(outside) leads outside the file", sourceLocation: location)
        }
        for part in parts { #expect(page.contains(part), "\(part)", sourceLocation: location) }
    }
}

@Suite("skipctl eval and model gradients")
struct EvalTests {
    @Test("eval counts as replay does: the same class at each sequence's end, the same updates")
    func counts() throws {
        let evaluation = try #require(try skipctl("eval", Bundled.model, Bundled.recordings, "--json").objects().first)
        let recordings = try Recordings(contentsOf: Bundled.recordings)
        let model = Model(try ModelFile(contentsOf: Bundled.model))
        let (length, classes) = (try #require(model.metadata.sequenceLength), try #require(recordings.classes))
        var (sequences, correct, updates) = (0, 0, 0)
        for (index, range) in recordings.ranges.enumerated() {
            let starts = range.count > length ? Array(Swift.stride(from: range.lowerBound, through: range.upperBound - length, by: length / 2)) : [range.lowerBound]
            for start in starts {
                var inference = Inference(model)
                for t in start..<min(start + length, range.upperBound) where inference.step(recordings.timestep(t)) == .updated { updates += 1 }
                let best = inference.probabilities.indices.max { inference.probabilities[$0] < inference.probabilities[$1] }
                if best == classes[index] { correct += 1 }
                sequences += 1
            }
        }
        #expect(evaluation["sequences"] as? Int == sequences)
        let accuracy = try #require(evaluation["accuracy"] as? Double)
        #expect(abs(accuracy * Double(sequences) - Double(correct)) < 1e-6)
        let rate = try #require(evaluation["update_rate"] as? Double)
        #expect(abs(rate * Double(sequences * length) - Double(updates)) < 0.5)
        let taken = try #require((evaluation["classes"] as? [[String: Any]])?.compactMap { $0["taken_for"] as? [Int] })
        #expect(taken.flatMap { $0 }.reduce(0, +) == sequences && taken.indices.reduce(0) { $0 + taken[$1][$1] } == correct)
    }

    @Test("a sweep of stretches reads less and less, and its report is one file that fetches nothing")
    func stretch() throws {
        let folder = try TemporaryFolder()
        let outcome = try skipctl("eval", Bundled.model, Bundled.recordings, "--stretch", "1,2,4,8", "--json", "--report", folder.path("r.html"))
        let objects = try outcome.objects()
        #expect(outcome.status == 0 && objects.compactMap { $0["part"] as? String } == ["stretch 1.0", "stretch 2.0", "stretch 4.0", "stretch 8.0"])
        let rates = objects.compactMap { $0["update_rate"] as? Double }
        #expect(rates.count == 4 && zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 }, "\(rates)")
        try Reports.check(folder.path("r.html"), contains: ["<svg", "polyline", "readmark", "Stretch"])
        let text = try skipctl("eval", Bundled.model, Bundled.recordings, "--groups", "99")
        #expect(text.status == 1 && text.error.hasPrefix("skipctl: \(Bundled.recordings): has no group 99"), "\(text.error)")
    }

    @Test("a model trained to skip at random is judged skipping at random, at the training's end and by eval, unless eval is told not to")
    func skipProbability() throws {
        let folder = try TemporaryFolder()
        let (data, model) = (folder.path("data"), folder.path("m"))
        try Sines.write(to: data)
        let options = ["--cell", "gru", "--hidden", "8", "--window", "30", "--stride", "5", "--batch", "8", "--epochs", "1", "--test-groups", "2", "--skip-probability", "0.7", "--json"]
        func rate(_ arguments: [String]) throws -> Double { try #require(try RunningProgram("skipctl", arguments).finish().objects().last?["update_rate"] as? Double) }
        let trained = try rate(["train", data, "--model", model] + options)
        // 540 timesteps.
        #expect(abs(trained - 0.3) < 0.08)
        let windows = ["--window", "30", "--stride", "5", "--groups", "2", "--json"]
        #expect(try rate(["eval", model, data] + windows) == trained)
        #expect(try rate(["eval", model, data, "--skip-probability", "0"] + windows) == 1)
        let gated = try skipctl("eval", Bundled.model, Bundled.recordings, "--skip-probability", "0.5")
        #expect(gated.status == 1 && gated.error.hasPrefix("skipctl: --skip-probability is for cells without a state update gate"), "\(gated.error)")
    }

    @Test("eval refuses recordings that the model doesn't fit, in one sentence, and leaves no report")
    func refused() throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try Sines.write(to: data)
        let outcome = try skipctl("eval", Bundled.model, data, "--report", folder.path("r.html"))
        #expect(outcome.status == 1 && outcome.error == "skipctl: \(data): has 3 channels, but the model reads 6\n", "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("r.html")))
        let unwritable = try skipctl("eval", Bundled.model, Bundled.recordings, "--report", "/nowhere/r.html")
        #expect(unwritable.status == 1 && unwritable.error.hasPrefix("skipctl: /nowhere/r.html: can't be written"), "\(unwritable.error)")
    }

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: Bundled.golden.path)) ?? []).sorted().filter { $0.hasPrefix("grad_") }

    @Test("gradients are the authors' within 1e-4 of each tensor's maximum", arguments: files)
    func gradients(name: String) throws {
        let folder = try TemporaryFolder()
        let golden = try Safetensors(contentsOf: Bundled.golden.appending(path: name).path)
        // Weights and derivatives go through the importer, which knows the authors' names and layouts.
        func imported(_ prefix: String, _ to: String) throws -> ModelFile {
            var writer = SafetensorsWriter()
            for (tensor, entry) in golden.entries where tensor.hasPrefix(prefix) {
                writer.add("weight/" + tensor.dropFirst(prefix.count), shape: entry.shape, floats: golden.floats(tensor) ?? [])
            }
            try writer.write(to: folder.path(to + ".tf"))
            let outcome = try skipctl("model", "import", folder.path(to + ".tf"), "--out", folder.path(to))
            try #require(outcome.status == 0, "\(outcome.error)")
            return try ModelFile(contentsOf: folder.path(to))
        }
        let model = try imported("weight/", "model")
        let expected = try imported("grad/", "expected")
        let shape = try #require(golden.entries["input"]?.shape)
        var writer = SafetensorsWriter(metadata: ["format": "skip-recordings", "version": "1"])
        writer.add("samples", shape: [shape[0] * shape[1], shape[2]], floats: try #require(golden.floats("input")))
        writer.add("lengths", shape: [shape[0]], integers: [Int](repeating: shape[1], count: shape[0]))
        writer.add("labels", shape: [shape[0]], integers: try #require(golden.integers("label")))
        try writer.write(to: folder.path("data"))

        let cost = model.architecture.cell.hasStateUpdateGate ? "0.02" : "0"
        let outcome = try skipctl("model", "gradients", folder.path("model"), folder.path("data"), "--cost-per-sample", cost, "--out", folder.path("g"), "--json")
        #expect(outcome.status == 0, "\(outcome.error)")
        let loss = try #require(try outcome.objects().first?["loss"] as? Double)
        #expect(abs(loss - Double(try #require(golden.floats("expected/loss"))[0])) < 1e-5)
        let written = try Safetensors(contentsOf: folder.path("g"))
        #expect(Set(written.entries.keys) == Set(model.tensors.keys))
        for (tensor, value) in expected.tensors {
            var values = value.values
            // The importer adds the forget gate's 1 to a value; a derivative has none.
            if model.architecture.cell.isLSTM, tensor.hasPrefix(model.architecture.layerNorm ? "rnn.norm_bias" : "rnn.bias_ih") {
                for i in (values.count / 4)..<(values.count / 2) { values[i] -= 1 }
            }
            let largest = values.map(abs).max() ?? 0
            let worst = zip(values, try #require(written.floats(tensor))).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-4 * largest || worst < 1e-7, "\(tensor): \(worst) of \(largest)")
        }
    }
}
