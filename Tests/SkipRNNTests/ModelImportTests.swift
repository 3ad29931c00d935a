import Foundation
import SkipRNN
import Testing

@Suite("Import of other frameworks' weights")
struct ModelImportTests {
    /// A file with its tensors under other names.
    private func renamed(_ source: Safetensors, keeping: (String) -> Bool = { _ in true }, _ name: (String) -> String) throws -> Safetensors {
        var writer = SafetensorsWriter(metadata: source.metadata)
        for (key, entry) in source.entries where keeping(key) { writer.add(name(key), shape: entry.shape, floats: source.floats(key) ?? []) }
        return try Safetensors(bytes: writer.encoded(), file: "w.safetensors")
    }

    private func refuses(_ tensors: [(String, [Int])], _ problem: String, _ location: SourceLocation = #_sourceLocation) throws {
        var writer = SafetensorsWriter()
        for (name, shape) in tensors { writer.add(name, shape: shape, floats: [Float](repeating: 0.25, count: shape.reduce(1, *))) }
        let file = try Safetensors(bytes: writer.encoded(), file: "w.safetensors")
        #expect(throws: FileFormatError("w.safetensors", problem), sourceLocation: location) { try ModelImport(file, .init()) }
    }

    @Test("the authors' names are known with weight/ in front, with model/, and bare", arguments: [
        "skipgru_ln_i2_h4_t100.safetensors", "skiplstm_ln_i2_h4_t100.safetensors", "multiskipgru_ln_i2_h4-16-4_t80.safetensors",
        "multiskiplstm_ln_i2_h4-16-4_t80.safetensors", "basicgru_ln_i9_h16_t40.safetensors", "basiclstm_plain_i1_h4_t200.safetensors",
    ])
    func prefixes(name: String) throws {
        let golden = try Golden.open(name)
        let direct = try ModelImport(golden, .init()).file
        let bare = try renamed(golden, keeping: { $0.hasPrefix("weight/") }) { String($0.dropFirst("weight/".count)) }
        let model = try renamed(golden, keeping: { $0.hasPrefix("weight/") }) { "model/" + $0.dropFirst("weight/".count) }
        for file in [bare, model] {
            let imported = try ModelImport(file, .init()).file
            #expect(imported.architecture == direct.architecture)
            #expect(imported.tensors == direct.tensors)
            #expect(imported.identity == direct.identity)
        }
    }

    @Test("the cell's name gives the architecture: MultiSkipGRU's candidates read the raw input, layer norm is seen by its gains")
    func architecture() throws {
        func architecture(_ name: String) throws -> Architecture { try ModelImport(Golden.open(name), .init()).file.architecture }
        let multi = try architecture("multiskipgru_ln_i2_h4-16-4_t80.safetensors")
        #expect(multi.cell == .skipGRU && multi.candidateInput == .raw && multi.layerNorm && multi.hiddenSizes == [4, 16, 4] && multi.inputSize == 2 && multi.gruVariant == .resetBefore)
        let single = try architecture("skipgru_plain_i2_h16_t120.safetensors")
        #expect(single.cell == .skipGRU && single.candidateInput == .layer && !single.layerNorm)
        #expect(try architecture("basiclstm_ln_i9_h16_t40.safetensors").layerNorm)
        #expect(try architecture("basicgru_plain_i1_h4_t200.safetensors").cell == .gru)
        #expect(try architecture("skiplstm_plain_i1_h4_t200.safetensors").cell == .skipLSTM)
    }

    @Test("MultiRNNCell's names (cell_0, cell_1) are stacked layers that read the layer below")
    func stacked() throws {
        func gru(_ layer: Int, _ inputs: Int) -> [(String, [Int])] {
            let prefix = "rnn/multi_rnn_cell/cell_\(layer)/BasicGRUCell"
            return [("\(prefix)/gates/Weights", [inputs + 4, 8]), ("\(prefix)/gates/Biases", [8]), ("\(prefix)/candidate/Weights", [inputs + 4, 4]), ("\(prefix)/candidate/Biases", [4])]
        }
        var writer = SafetensorsWriter()
        for (name, shape) in gru(0, 3) + gru(1, 4) + [("fully_connected/weights", [4, 2]), ("fully_connected/biases", [2])] {
            writer.add(name, shape: shape, floats: (0..<shape.reduce(1, *)).map { Float($0) / 100 })
        }
        let imported = try ModelImport(Safetensors(bytes: writer.encoded(), file: "w.safetensors"), .init()).file
        #expect(imported.architecture == Architecture(cell: .gru, gruVariant: .resetBefore, inputSize: 3, hiddenSizes: [4, 4], outputSize: 2))
        // Rows of the stored matrix are x, then h; here they are columns: element (row, column) of W_hh is stored at (in + column, row).
        let recurrent = try #require(imported.tensors["rnn.weight_hh_l1"])
        #expect(recurrent.shape == [12, 4] && recurrent.values[1 * 4 + 2] == Float((4 + 2) * 8 + 1) / 100)
        #expect(imported.metadata.labels == ["0", "1"])
    }

    @Test("the forget bias that the authors add at run time is in the file's")
    func forgetBias() throws {
        let source = try Golden.open("skiplstm_plain_i2_h16_t120.safetensors")
        let stored = try #require(source.floats("weight/rnn/SkipLSTMCell/Biases"))
        let imported = try #require(try ModelImport(source, .init()).file.tensors["rnn.bias_ih_l0"]?.values)
        // i, j, f, o there; i, f, g, o here.
        #expect(Array(imported[0..<16]) == Array(stored[0..<16]))
        #expect(Array(imported[16..<32]) == stored[32..<48].map { $0 + 1 })
        #expect(Array(imported[32..<48]) == Array(stored[16..<32]))
    }

    @Test("PyTorch's names are known under any prefix, and without one", arguments: ["", "rnn.", "net.encoder.gru."])
    func torchPrefixes(prefix: String) throws {
        let golden = try Safetensors(contentsOf: TorchParityTests.folder.appending(path: "gru_2x5.safetensors").path)
        let direct = try ModelImport(golden, .init())
        let moved = try ModelImport(try renamed(golden) { $0.hasPrefix("encoder.") ? prefix + $0.dropFirst("encoder.".count) : $0 }, .init())
        #expect(moved.file.tensors == direct.file.tensors)
        #expect(moved.file.architecture == Architecture(cell: .gru, gruVariant: .resetAfter, inputSize: 3, hiddenSizes: [5, 5], outputSize: 4))
        #expect(direct.notes == ["the tensor expected/h is not used", "the tensor expected/outputs is not used", "the tensor input is not used"])
    }

    @Test("a state_dict with a state update gate is a skip cell")
    func torchWithGate() throws {
        var writer = SafetensorsWriter()
        for (name, shape) in [("g.weight_ih_l0", [12, 2]), ("g.weight_hh_l0", [12, 3]), ("g.bias_ih_l0", [12]), ("g.bias_hh_l0", [12]), ("state_update_gate.weight", [1, 3]), ("state_update_gate.bias", [1])] {
            writer.add(name, shape: shape, floats: [Float](repeating: 0.5, count: shape.reduce(1, *)))
        }
        let imported = try ModelImport(Safetensors(bytes: writer.encoded(), file: "w.safetensors"), .init())
        #expect(imported.file.architecture.cell == .skipLSTM)
        #expect(imported.file.architecture.task == .regression, "without a head the hidden state is the output")
        #expect(imported.notes == ["there is no output layer among the weights: the model's outputs are its 3 hidden units"])
    }

    @Test("what is given beside the weights goes into the metadata, and must fit")
    func description() throws {
        let golden = try Safetensors(contentsOf: TorchParityTests.folder.appending(path: "lstm_1x5.safetensors").path)
        var description = ModelImport.Description()
        description.labels = ["a", "b", "c", "d"]
        description.channels = ["x", "y", "z"]
        description.sampleRate = 50
        description.sequenceLength = 200
        let metadata = try ModelImport(golden, description).file.metadata
        #expect(metadata.labels == description.labels && metadata.channels == description.channels && metadata.sampleRate == 50 && metadata.sequenceLength == 200)
        description.labels = ["a"]
        #expect(throws: FileFormatError(golden.file, "its metadata labels has 1 names, but head.weight has 4 rows; one name a class was expected")) { try ModelImport(golden, description) }
    }

    @Test("weights of neither source, or that can't run on a stream, are refused with the reason")
    func refusals() throws {
        let gru = [("g.weight_ih_l0", [9, 2]), ("g.weight_hh_l0", [9, 3]), ("g.bias_ih_l0", [9]), ("g.bias_hh_l0", [9])]
        try refuses([], "has neither the authors' TensorFlow variables (rnn/SkipGRUCell/…) nor tensors of torch.nn.GRU or nn.LSTM (weight_ih_l0, …); it begins with no tensor at all")
        try refuses([("b", [1]), ("a", [1])], "has neither the authors' TensorFlow variables (rnn/SkipGRUCell/…) nor tensors of torch.nn.GRU or nn.LSTM (weight_ih_l0, …); it begins with a, b")
        try refuses(gru + [("h.weight_hh_l0", [9, 3])], "has more than one recurrent module (g.weight_hh_l0, h.weight_hh_l0); save the one to import")
        try refuses(gru + [("g.weight_hh_l0_reverse", [9, 3])], "g.weight_hh_l0_reverse: a bidirectional network reads the future and can't run on a stream")
        try refuses(gru + [("g.weight_hr_l0", [2, 3])], "g.weight_hr_l0: an LSTM with projections (proj_size) is not supported")
        try refuses(gru + [("a.weight", [2, 3]), ("b.weight", [2, 3])], "has more than one linear layer over the top hidden state (a.weight, b.weight); save the one that is the output")
        try refuses([("weight_hh_l0", [3, 3]), ("weight_ih_l0", [3, 2])], "the tensor weight_hh_l0 has shape (3, 3), (3 H, H) of a GRU or (4 H, H) of an LSTM was expected")
        try refuses([("weight_hh_l0", [9, 3])], "the tensors weight_ih_l0 and weight_hh_l0 must be matrices")
        try refuses([("rnn/SkipGRUCell/gates/Weights", [5, 6])], "the variable rnn/SkipGRUCell/candidate/Biases is missing")
        try refuses([("rnn/SkipGRUCell/gates/Weights", [5, 6]), ("rnn/SkipGRUCell/candidate/Biases", [5])], "the shapes of rnn/SkipGRUCell's variables don't fit each other")
        try refuses(
            [("rnn/SkipGRUCell/gates/Weights", [5, 6]), ("rnn/SkipGRUCell/candidate/Biases", [3]), ("rnn/SkipGRUCell/candidate/Weights", [4, 3]), ("rnn/SkipGRUCell/gates/Biases", [6])],
            "the variable rnn/SkipGRUCell/candidate/Weights has shape (4, 3), (5, 3) was expected")
    }
}
