import SkipRNN
import Testing
import TestSupport

@Suite("Model files")
struct ModelFileTests {
    /// A small model file's parts, to be broken one at a time: SkipGRU, F = 2, H = 3, C = 2.
    private struct Parts {
        var metadata = [
            "format": "skip-model", "version": "1", "cell": "skip_gru", "gru_variant": "reset_before", "task": "classification",
            "labels": #"["a", "b"]"#, "channels": #"["x", "y"]"#, "sample_rate_hz": "50", "sequence_length": "200", "max_skip": "7",
            "training.accuracy": "0.9",
        ]
        var tensors: [String: (shape: [Int], values: [Float])] = [
            "rnn.weight_ih_l0": ([9, 2], ramp(18)), "rnn.weight_hh_l0": ([9, 3], ramp(27)), "rnn.bias_ih_l0": ([9], ramp(9)),
            "state_update_gate.weight": ([1, 3], ramp(3)), "state_update_gate.bias": ([1], ramp(1)),
            "head.weight": ([2, 3], ramp(6)), "head.bias": ([2], ramp(2)),
        ]

        static func ramp(_ count: Int) -> [Float] { (0..<count).map { Float($0) / 10 - 0.5 } }

        func encoded() -> [UInt8] {
            var writer = SafetensorsWriter(metadata: metadata)
            for (name, tensor) in tensors { writer.add(name, shape: tensor.shape, floats: tensor.values) }
            return writer.encoded()
        }
    }

    private func open(_ change: (inout Parts) -> Void) throws -> ModelFile {
        var parts = Parts()
        change(&parts)
        return try ModelFile(Safetensors(bytes: parts.encoded(), file: "m.safetensors"))
    }

    private func refuses(_ problem: String, _ location: SourceLocation = #_sourceLocation, _ change: (inout Parts) -> Void) {
        #expect(throws: FileFormatError("m.safetensors", problem), sourceLocation: location) { try open(change) }
    }

    @Test("a well-formed file is read without a warning")
    func wellFormed() throws {
        let file = try open { _ in }
        #expect(file.warnings.isEmpty)
        #expect(file.architecture == Architecture(cell: .skipGRU, inputSize: 2, hiddenSizes: [3], outputSize: 2))
        #expect(file.metadata.labels == ["a", "b"])
        #expect(file.metadata.channels == ["x", "y"])
        #expect(file.metadata.sampleRate == 50)
        #expect(file.metadata.sequenceLength == 200)
        #expect(file.metadata.maxSkip == 7)
        #expect(file.metadata.training == ["accuracy": "0.9"])
    }

    @Test("another format or version is refused")
    func format() {
        refuses("its metadata format is missing, skip-model was expected; `skipctl model import` converts other weights") { $0.metadata["format"] = nil }
        refuses("its metadata format is skip-recordings, skip-model was expected; `skipctl model import` converts other weights") { $0.metadata["format"] = "skip-recordings" }
        refuses("its metadata version is missing, 1 is the one this skipd reads") { $0.metadata["version"] = nil }
        refuses("its metadata version is 2, 1 is the one this skipd reads") { $0.metadata["version"] = "2" }
    }

    @Test("architecture is never guessed")
    func architecture() {
        refuses("its metadata cell is missing, one of skip_gru, skip_lstm, gru, lstm was expected") { $0.metadata["cell"] = nil }
        refuses("its metadata cell is GRU, one of skip_gru, skip_lstm, gru, lstm was expected") { $0.metadata["cell"] = "GRU" }
        refuses("its metadata gru_variant is missing, one of reset_before, reset_after was expected") { $0.metadata["gru_variant"] = nil }
        refuses("its metadata gru_variant is reset, one of reset_before, reset_after was expected") { $0.metadata["gru_variant"] = "reset" }
        refuses("its metadata candidate_input is x, one of layer, raw was expected") { $0.metadata["candidate_input"] = "x" }
        refuses("its metadata layer_norm is yes, true or false was expected") { $0.metadata["layer_norm"] = "yes" }
        refuses("its metadata task is missing, one of classification, regression was expected") { $0.metadata["task"] = nil }
    }

    @Test("metadata of another type is refused")
    func metadata() {
        refuses("its metadata labels is a,b, a JSON array of strings was expected") { $0.metadata["labels"] = "a,b" }
        refuses("its metadata labels is [1, 2], a JSON array of strings was expected") { $0.metadata["labels"] = "[1, 2]" }
        refuses("its metadata labels has 0 names, but head.weight has 2 rows; one name a class was expected") { $0.metadata["labels"] = nil }
        refuses("its metadata labels has 3 names, but head.weight has 2 rows; one name a class was expected") { $0.metadata["labels"] = #"["a","b","c"]"# }
        refuses("its metadata channels has 1 names, but a timestep has 2 features") { $0.metadata["channels"] = #"["a"]"# }
        for rate in ["0", "-50", "nan", "inf", "fast", ""] { refuses("its metadata sample_rate_hz is \(rate), a number above 0 was expected") { $0.metadata["sample_rate_hz"] = rate } }
        for key in ["sequence_length", "max_skip"] {
            for count in ["0", "-1", "1.5", "9007199254740993", "many"] { refuses("its metadata \(key) is \(count), a whole number from 1 up was expected") { $0.metadata[key] = count } }
        }
    }

    @Test("a tensor that is missing is named with the shape it should have")
    func missing() {
        for (name, tensor) in Parts().tensors {
            let needed = ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "head.weight"].contains(name)
            let shape = tensor.shape.count == 1 ? "(\(tensor.shape[0]),)" : "(\(tensor.shape[0]), \(tensor.shape[1]))"
            refuses(needed ? "the tensor \(name) is missing" : "the tensor \(name) of shape \(shape) is missing") { $0.tensors[name] = nil }
        }
    }

    @Test("a tensor of another shape is refused, with what was expected")
    func shapes() {
        refuses("the tensor rnn.bias_ih_l0 has shape (3, 3), (9,) was expected") { $0.tensors["rnn.bias_ih_l0"]?.shape = [3, 3] }
        refuses("the tensor rnn.weight_ih_l0 has shape (6, 3), (9, 3) was expected") { $0.tensors["rnn.weight_ih_l0"]?.shape = [6, 3]; $0.metadata["channels"] = nil }
        refuses("the tensor rnn.weight_hh_l0 has shape (27,), a matrix was expected") { $0.tensors["rnn.weight_hh_l0"]?.shape = [27] }
        refuses("the tensor rnn.weight_hh_l0 has shape (0, 3), a matrix was expected") { $0.tensors["rnn.weight_hh_l0"] = ([0, 3], []) }
        refuses("the tensor state_update_gate.weight has shape (3,), (1, 3) was expected") { $0.tensors["state_update_gate.weight"]?.shape = [3] }
        refuses("the tensor input.mean has shape (1,), (2,) was expected") { $0.tensors["input.mean"] = ([1], [0]) }
        refuses("the tensor initial_state.h_l0 has shape (1, 3), (3,) was expected") { $0.tensors["initial_state.h_l0"] = ([1, 3], [0, 0, 0]) }
    }

    @Test("values that are not finite are refused where they stand", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) {
        refuses("the tensor rnn.weight_hh_l0 has \(value) at element 26, only finite numbers are allowed") { $0.tensors["rnn.weight_hh_l0"]?.values[26] = value }
        refuses("the tensor input.mean has \(value) at element 1, only finite numbers are allowed") { $0.tensors["input.mean"] = ([2], [0, value]) }
    }

    @Test("a standard deviation of zero or less is refused", arguments: [Float(0), -1, -0.0])
    func standardDeviation(value: Float) {
        refuses("the tensor input.std is not above 0 at element 1") { $0.tensors["input.std"] = ([2], [1, value]) }
    }

    @Test("a tensor of integers is refused")
    func integers() throws {
        var writer = SafetensorsWriter(metadata: Parts().metadata)
        for (name, tensor) in Parts().tensors where name != "head.bias" { writer.add(name, shape: tensor.shape, floats: tensor.values) }
        writer.add("head.bias", shape: [2], integers: [0, 0])
        #expect(throws: FileFormatError("m.safetensors", "the tensor head.bias has dtype I64, F32, F64 or F16 was expected")) {
            try ModelFile(Safetensors(bytes: writer.encoded(), file: "m.safetensors"))
        }
    }

    @Test("unknown tensors and metadata are warned about, not refused")
    func unknown() throws {
        let file = try open {
            $0.tensors["extra"] = ([1], [.nan])
            $0.tensors["rnn.weight_ih_l1"] = ([9, 3], Parts.ramp(27))
            $0.metadata["author"] = "somebody"
        }
        #expect(file.warnings == [
            "m.safetensors: the metadata author is unknown and not used", "m.safetensors: the tensor extra is unknown and not used",
            "m.safetensors: the tensor rnn.weight_ih_l1 is unknown and not used",
        ])
    }

    @Test("any model is read back as it was written, equal to the bit, and writes the same bytes again")
    func roundTrip() throws {
        var generator = SplitMix(seed: 21)
        for round in 0..<60 {
            var architecture = RandomModel.architecture(&generator)
            if Bool.random(using: &generator) { architecture.task = .regression }
            // An LSTM has neither of the two: they are not written, so reading gives their defaults.
            if architecture.cell.isLSTM { architecture.gruVariant = .resetBefore }
            var file = try RandomModel.file(architecture, &generator, maxSkip: Bool.random(using: &generator) ? 12 : nil)
            file.metadata.sampleRate = [nil, 50, 12.5, 0.1].randomElement(using: &generator) ?? nil
            file.metadata.training = ["accuracy": "0.5", "notes": "a \"quoted\" λ"]
            let bytes = file.encoded()
            let read = try ModelFile(Safetensors(bytes: bytes, file: "m.safetensors"))
            #expect(read.architecture == architecture, "round \(round), seed 21")
            #expect(read.metadata == file.metadata, "round \(round), seed 21")
            #expect(read.tensors == file.tensors, "round \(round), seed 21")
            #expect(read.warnings.isEmpty, "round \(round), seed 21")
            #expect(read.encoded() == bytes, "round \(round), seed 21")
            #expect(read.identity == file.identity, "round \(round), seed 21")
        }
    }

    @Test("F16 and F64 tensors are computed in Float32")
    func otherTypes() throws {
        let path = TemporaryFile()
        let file = try open { _ in }
        try file.write(to: path.path)
        #expect(try ModelFile(contentsOf: path.path).tensors == file.tensors)
        // The head's bias as F16: 1 and −2.
        let header = #"{"__metadata__":{"format":"skip-model","version":"1","cell":"gru","gru_variant":"reset_after","task":"regression"},"# +
            #""rnn.weight_ih_l0":{"dtype":"F64","shape":[3,1],"data_offsets":[0,24]},"rnn.weight_hh_l0":{"dtype":"F32","shape":[3,1],"data_offsets":[24,36]},"# +
            #""rnn.bias_ih_l0":{"dtype":"F32","shape":[3],"data_offsets":[36,48]},"head.weight":{"dtype":"F16","shape":[2,1],"data_offsets":[48,52]},"head.bias":{"dtype":"F16","shape":[2],"data_offsets":[52,56]}}"#
        let read = try ModelFile(Safetensors(bytes: fileBytes(header, data: [UInt8](repeating: 0, count: 52) + [0x00, 0x3C, 0x00, 0xC0]), file: "m.safetensors"))
        #expect(read.tensors["head.bias"]?.values == [1, -2])
        #expect(read.tensors["rnn.weight_ih_l0"]?.values == [0, 0, 0])
    }

    @Test("the identity follows the arithmetic: any weight's last bit, not the labels")
    func identity() throws {
        let file = try open { _ in }
        #expect(file.identity.count == 16)
        #expect(try open { $0.metadata["labels"] = #"["c", "d"]"#; $0.metadata["training.accuracy"] = "1" }.identity == file.identity)
        #expect(try open { $0.metadata["gru_variant"] = "reset_after" }.identity != file.identity)
        for name in Parts().tensors.keys {
            let changed = try open { $0.tensors[name]?.values[0].negate() }
            #expect(changed.identity != file.identity, "\(name)")
        }
        var other = file
        other.tensors["head.bias"]?.values[1] = file.tensors["head.bias"]!.values[1].nextUp
        #expect(other.identity != file.identity)
        #expect(Model(file).identity == file.identity)
    }
}
