import ArgumentParser
import Glibc
import SkipRNN

/// `skipctl model inspect`: what a model file holds and how often its gate may fire.
struct ModelInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Shows a model's architecture, tensors and metadata, and checks the file.")

    @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var file: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let model = try ModelFile(contentsOf: file)
        var output = StandardOutput()
        if json {
            try output.line(object(model))
        } else {
            let palette = Palette.standardOutput
            let facts = facts(model)
            // One width for all: a name is followed by at least a colon and a blank.
            let width = (facts.map(\.0.count).max() ?? 0) + 2
            for (name, value) in facts { try output.line(palette.bold((name + ":").padded(to: width)) + value) }
            var table = TextTable([("tensor", .left), ("shape", .left), ("parameters", .right)])
            for (name, tensor) in tensors(model) { table.add([name, describe(tensor.shape), grouped(tensor.values.count)]) }
            try output.line("")
            for line in table.lines(palette) { try output.line(line) }
            for warning in model.warnings { try output.line(palette.red("warning: ") + warning) }
        }
        try output.flush()
    }

    private func tensors(_ model: ModelFile) -> [(String, ModelFile.Tensor)] {
        model.architecture.parameters.compactMap { parameter in model.tensors[parameter.name].map { (parameter.name, $0) } }
    }

    private func parameterCount(_ model: ModelFile) -> Int { model.tensors.values.reduce(0) { $0 + $1.values.count } }

    private func fileSize() -> Int {
        var information = stat()
        return stat(file, &information) == 0 ? Int(information.st_size) : 0
    }

    /// A stream's row in memory: its state, without the table's slot. In bytes.
    private func stateBytes(_ model: ModelFile) -> Int { model.architecture.stateSize * MemoryLayout<Float>.size }

    private func facts(_ model: ModelFile) -> [(String, String)] {
        let (architecture, metadata) = (model.architecture, model.metadata)
        var facts = [("identity", model.identity), ("cell", architecture.cell.rawValue)]
        if !architecture.cell.isLSTM {
            facts.append(("GRU variant", architecture.gruVariant.rawValue))
            if architecture.layerCount > 1 { facts.append(("candidate input", architecture.candidateInput.rawValue)) }
        }
        if architecture.layerNorm { facts.append(("layer norm", "yes")) }
        facts += [
            ("task", architecture.task.rawValue),
            ("sizes", "F = \(architecture.inputSize), H = \(architecture.hiddenSizes.map { String($0) }.joined(separator: ", ")), C = \(architecture.outputSize)"),
        ]
        if !metadata.labels.isEmpty { facts.append(("labels", metadata.labels.joined(separator: ", "))) }
        if !metadata.channels.isEmpty { facts.append(("channels", metadata.channels.joined(separator: ", "))) }
        if let rate = metadata.sampleRate { facts.append(("sample rate", "\(decimal(rate, rate == rate.rounded() ? 0 : 3)) Hz")) }
        facts.append(("sequence length", metadata.sequenceLength.map { "\(grouped($0)) timesteps" } ?? "endless"))
        if let maxSkip = metadata.maxSkip { facts.append(("max skip", "\(grouped(maxSkip)) timesteps")) }
        facts.append(("parameters", "\(grouped(parameterCount(model))); \(grouped(fileSize())) bytes of file, \(grouped(stateBytes(model))) bytes of state a stream"))
        facts.append(("update rate", UpdateRateBounds(model).sentence))
        for (key, value) in metadata.training.sorted(by: { $0.key < $1.key }) { facts.append(("training." + key, value)) }
        return facts
    }

    private func object(_ model: ModelFile) -> JSONObject {
        let (architecture, metadata) = (model.architecture, model.metadata)
        var object = JSONObject()
        object.add("file", file)
        object.add("identity", model.identity)
        object.add("cell", architecture.cell.rawValue)
        if !architecture.cell.isLSTM {
            object.add("gru_variant", architecture.gruVariant.rawValue)
            object.add("candidate_input", architecture.candidateInput.rawValue)
        }
        object.add("layer_norm", architecture.layerNorm)
        object.add("task", architecture.task.rawValue)
        object.add("features", architecture.inputSize)
        object.add("hidden", architecture.hiddenSizes)
        object.add("outputs", architecture.outputSize)
        object.add("labels", metadata.labels)
        object.add("channels", metadata.channels)
        if let rate = metadata.sampleRate { object.add("sample_rate_hz", rate) }
        if let length = metadata.sequenceLength { object.add("sequence_length", length) }
        if let maxSkip = metadata.maxSkip { object.add("max_skip", maxSkip) }
        object.add("parameters", parameterCount(model))
        object.add("bytes", fileSize())
        object.add("state_bytes", stateBytes(model))
        let bounds = UpdateRateBounds(model)
        if let range = bounds.range {
            var timesteps = JSONObject()
            if let shortest = range.shortest { timesteps.add("min", Int(clamping: shortest)) }
            if let longest = range.longest { timesteps.add("max", Int(clamping: longest)) }
            object.add("timesteps_between_updates", timesteps)
        }
        object.add("update_rate_note", bounds.sentence)
        var training = JSONObject()
        for (key, value) in metadata.training.sorted(by: { $0.key < $1.key }) { training.add(key, value) }
        object.add("training", training)
        object.add("tensors", tensors(model).map { name, tensor in
            var entry = JSONObject()
            entry.add("name", name)
            entry.add("shape", tensor.shape)
            return entry
        })
        object.add("warnings", model.warnings)
        return object
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
