import Foundation
import SkipRNN
import Testing

@Suite("skipctl model")
struct ModelCommandTests {
    @Test("inspect shows what the file holds")
    func inspect() throws {
        let object = try #require(try skipctl("model", "inspect", Bundled.model, "--json").objects().first)
        let file = try ModelFile(contentsOf: Bundled.model)
        #expect(object["identity"] as? String == file.identity && object["cell"] as? String == "skip_gru" && object["hidden"] as? [Int] == [48])
        #expect(object["labels"] as? [String] == file.metadata.labels && object["channels"] as? [String] == file.metadata.channels)
        #expect(object["features"] as? Int == 6 && object["outputs"] as? Int == 7 && object["sample_rate_hz"] as? Double == 50 && object["sequence_length"] as? Int == 200)
        #expect(object["parameters"] as? Int == file.tensors.values.map(\.values.count).reduce(0, +) && object["state_bytes"] as? Int == 192)
        let tensors = try #require(object["tensors"] as? [[String: Any]])
        #expect(tensors.count == file.tensors.count && tensors.contains { $0["name"] as? String == "rnn.weight_hh_l0" && $0["shape"] as? [Int] == [144, 48] })
        #expect((object["warnings"] as? [String])?.isEmpty == true)

        let text = try skipctl("model", "inspect", Bundled.model).output
        for part in ["skip_gru", "reset_before", "F = 6, H = 48, C = 7", "PEN, ABD, FEL, IR, ER, TRAP, ROW", "50 Hz", "200 timesteps", "state_update_gate.weight", "(144, 48)"] { #expect(text.contains(part), "\(part)") }
    }

    @Test("inspect's values stand in one column, however long a key is")
    func inspectColumns() throws {
        let folder = try TemporaryFolder()
        var file = try ModelFile(contentsOf: Bundled.model)
        file.metadata.training = ["a": "short", "a_key_longer_than_any_column": "long"]
        try file.write(to: folder.path("m"))
        let facts = try skipctl("model", "inspect", folder.path("m")).output.split(separator: "\n\n")[0].split(separator: "\n")
        let columns = facts.map { line in line.firstIndex(of: ":").flatMap { colon in line[colon...].dropFirst().firstIndex { $0 != " " } }.map { line.distance(from: line.startIndex, to: $0) } }
        #expect(facts.count > 5 && Set(columns).count == 1, "\(facts.joined(separator: "\n"))")
    }

    @Test("inspect warns about what nobody knows, and refuses what is broken")
    func inspectWarnings() throws {
        let folder = try TemporaryFolder()
        let source = try Safetensors(contentsOf: Bundled.model)
        var writer = SafetensorsWriter(metadata: source.metadata.merging(["colour": "blue"]) { $1 })
        for (name, entry) in source.entries { writer.add(name, shape: entry.shape, floats: source.floats(name) ?? []) }
        writer.add("extra", shape: [1], floats: [1])
        try writer.write(to: folder.path("m"))
        let outcome = try skipctl("model", "inspect", folder.path("m"))
        #expect(outcome.status == 0 && outcome.output.contains("warning: \(folder.path("m")): the tensor extra is unknown and not used") && outcome.output.contains("the metadata colour is unknown"))
        let bytes = try Data(contentsOf: URL(filePath: Bundled.model))
        try bytes.dropLast().write(to: folder.url.appending(path: "short"))
        let refused = try skipctl("model", "inspect", folder.path("short"), "--json")
        #expect(refused.status == 1 && refused.error.contains("it was cut short or something was appended"))
    }

    @Test("how often a gate can fire follows from its weights", arguments: [
        (Float(100), Float(0), nil, "every timestep is read"),
        (0, 0, nil, "one timestep in 2 is read"),
        (-2, 0, nil, "one timestep in 5 is read"),
        (-100, 0, nil, "only the first timestep is ever read: the gate's weights give increments that are lost in rounding"),
        (-100, 0, 9, "one timestep in 10 is read"),
        (0, 25, nil, "one timestep in 1 or more is read; the weights allow updates to cease for good, which max_skip would prevent"),
        (-1, 0.25, nil, "one timestep in 2 to 3 is read"),
    ] as [(Float, Float, Int?, String)])
    func updateRate(bias: Float, weight: Float, maxSkip: Int?, sentence: String) throws {
        let folder = try TemporaryFolder()
        var file = try ModelFile(contentsOf: Bundled.model)
        file.tensors["state_update_gate.bias"]?.values = [bias]
        file.tensors["state_update_gate.weight"]?.values = (0..<48).map { $0 == 0 ? weight : 0 }
        file.metadata.maxSkip = maxSkip
        try file.write(to: folder.path("m"))
        #expect(try skipctl("model", "inspect", folder.path("m"), "--json").objects().first?["update_rate_note"] as? String == sentence)
    }

    @Test("import makes a model file with what was given beside the weights")
    func imports() throws {
        let folder = try TemporaryFolder()
        let source = RunningProgram.root.appending(path: "Tests/Fixtures/torch/gru_2x5.safetensors").path
        let outcome = try skipctl("model", "import", source, "--out", folder.path("m"), "--labels", "a,b,c,d", "--channels", "x,y,z", "--sample-rate", "12.5", "--sequence-length", "20", "--json")
        #expect(outcome.status == 0)
        let object = try #require(try outcome.objects().first)
        let file = try ModelFile(contentsOf: folder.path("m"))
        #expect(object["identity"] as? String == file.identity && object["cell"] as? String == "gru" && object["hidden"] as? [Int] == [5, 5])
        #expect(object["notes"] as? [String] == ["the tensor expected/h is not used", "the tensor expected/outputs is not used", "the tensor input is not used"])
        #expect(file.metadata.labels == ["a", "b", "c", "d"] && file.metadata.channels == ["x", "y", "z"] && file.metadata.sampleRate == 12.5 && file.metadata.sequenceLength == 20)
        let text = try skipctl("model", "import", source, "--out", folder.path("m"), "--task", "regression")
        #expect(text.output.contains("note: the tensor input is not used") && text.output.contains("\(folder.path("m")): gru, F = 3, H = 5, 5, C = 4, regression."))
        let wrong = try skipctl("model", "import", source, "--out", folder.path("n"), "--labels", "a,b")
        #expect(wrong.status == 1 && wrong.error.contains("its metadata labels has 2 names, but head.weight has 4 rows"))
    }

    @Test("verify finds every kernel variant in agreement on the bundled model")
    func verify() throws {
        let outcome = try skipctl("model", "verify", Bundled.model, Bundled.recordings, "--json")
        #expect(outcome.status == 0)
        let objects = try outcome.objects()
        #expect(objects.map { $0["kernels"] as? String } == Kernels.all.map(\.name))
        for object in objects {
            #expect(object["gates_equal"] as? Bool == true && object["event_driven_identical"] as? Bool == true)
            #expect(try #require(object["worst_hidden_state_difference"] as? Double) < 1e-5)
        }
        #expect(try skipctl("model", "verify", Bundled.model, Bundled.recordings).output.contains("all agree"))
        #expect(try skipctl("model", "verify", Bundled.model, "/nowhere").status == 1)
    }
}
