// The authors' variables, as TensorFlow names them under dynamic_rnn (QUIRKS.md Q10, Q11, Q13, Q16, Q17):
//
//     rnn/SkipGRUCell/gates/Weights            (in + H, 2 H)   x rows first; r, u
//     rnn/SkipGRUCell/candidate/Weights        (in + H, H)
//     rnn/SkipLSTMCell/Weights                 (in + H, 4 H)   i, j, f, o
//     rnn/MultiSkipGRUCell/layer_1/gates/…     layers from 1 up; every candidate reads the raw input
//     rnn/<cell>/state_update_prob/Weights     (H, 1)
//     [layer_1/]initial_h/initial_state        (1, H)
//     fully_connected/weights                  (H, C)
//
// The golden files put "weight/" in front, the MNIST script "model/".

extension ImportedWeights {
    private static let cells: [String: Architecture.Cell] = [
        "SkipGRUCell": .skipGRU, "MultiSkipGRUCell": .skipGRU, "BasicGRUCell": .gru,
        "SkipLSTMCell": .skipLSTM, "MultiSkipLSTMCell": .skipLSTM, "BasicLSTMCell": .lstm,
    ]

    /// Takes over the authors' variables; nil where there are none.
    init?(tensorFlow source: Safetensors) throws(FileFormatError) {
        let variables = Variables(source)
        guard let (cellName, layers) = variables.layers(Set(Self.cells.keys)), let cell = Self.cells[cellName] else { return nil }
        self.cell = cell
        gruVariant = .resetBefore
        candidateInput = cellName == "MultiSkipGRUCell" ? .raw : .layer
        layerNorm = variables.exists(layers[0] + (cell.isLSTM ? "/i/gain" : "/r/gain")) || variables.exists(layers[0] + "/gates/r/gain")
        hiddenSizes = []
        inputSize = 0
        for prefix in layers {
            let name = prefix + (cell.isLSTM ? "/Biases" : "/candidate/Biases")
            hiddenSizes.append(try variables.get(name).shape.reduce(1, *) / (cell.isLSTM ? 4 : 1))
        }
        inputSize = try variables.get(layers[0] + (cell.isLSTM ? "/Weights" : "/gates/Weights")).shape[0] - hiddenSizes[0]
        guard inputSize > 0, hiddenSizes.allSatisfy({ $0 > 0 }) else { throw FileFormatError(source.file, "the shapes of \(layers[0])'s variables don't fit each other") }
        for (layer, prefix) in layers.enumerated() {
            if cell.isLSTM { try addLSTM(layer, prefix, variables) } else { try addGRU(layer, prefix, variables) }
            for part in cell.isLSTM ? ["h", "c"] : ["h"] {
                for name in ["layer_\(layer + 1)/initial_\(part)/initial_state", "initial_\(part)/initial_state"] where variables.exists(name) {
                    tensors["initial_state.\(part)_l\(layer)"] = ModelFile.Tensor(shape: [hiddenSizes[layer]], values: try variables.get(name, [1, hiddenSizes[layer]]).values)
                    break
                }
            }
        }
        let top = hiddenSizes[hiddenSizes.count - 1]
        if cell.hasStateUpdateGate {
            tensors["state_update_gate.weight"] = ModelFile.Tensor(shape: [1, top], values: try variables.get("rnn/\(cellName)/state_update_prob/Weights", [top, 1]).values)
            tensors["state_update_gate.bias"] = try variables.get("rnn/\(cellName)/state_update_prob/Biases", [1])
        }
        if variables.exists("fully_connected/weights") {
            let weights = try variables.get("fully_connected/weights")
            guard weights.shape.count == 2, weights.shape[0] == top else { throw FileFormatError(source.file, "the variable fully_connected/weights has shape \(describe(weights.shape)), (\(top), C) was expected") }
            let classes = weights.shape[1]
            tensors["head.weight"] = ModelFile.Tensor(shape: [classes, top], values: weights.columns(0..<classes, rows: 0..<top))
            tensors["head.bias"] = try variables.get("fully_connected/biases", [classes])
        }
    }

    private mutating func addGRU(_ layer: Int, _ prefix: String, _ variables: Variables) throws(FileFormatError) {
        let hidden = hiddenSizes[layer]
        let lower = layer == 0 ? inputSize : hiddenSizes[layer - 1]
        let readsRaw = layer > 0 && candidateInput == .raw
        let candidateInputSize = readsRaw ? inputSize : lower
        let gates = try variables.get(prefix + "/gates/Weights", [lower + hidden, 2 * hidden])
        let candidate = try variables.get(prefix + "/candidate/Weights", [candidateInputSize + hidden, hidden])
        var input = gates.columns(0..<(2 * hidden), rows: 0..<lower)
        let candidateInputs = candidate.columns(0..<hidden, rows: 0..<candidateInputSize)
        if readsRaw {
            tensors["rnn.weight_in_l\(layer)"] = ModelFile.Tensor(shape: [hidden, inputSize], values: candidateInputs)
        } else {
            input += candidateInputs
        }
        tensors["rnn.weight_ih_l\(layer)"] = ModelFile.Tensor(shape: [(readsRaw ? 2 : 3) * hidden, lower], values: input)
        let recurrent = gates.columns(0..<(2 * hidden), rows: lower..<(lower + hidden))
            + candidate.columns(0..<hidden, rows: candidateInputSize..<(candidateInputSize + hidden))
        tensors["rnn.weight_hh_l\(layer)"] = ModelFile.Tensor(shape: [3 * hidden, hidden], values: recurrent)
        let biases = try variables.get(prefix + "/gates/Biases", [2 * hidden]).values + variables.get(prefix + "/candidate/Biases", [hidden]).values
        tensors["rnn.bias_ih_l\(layer)"] = ModelFile.Tensor(shape: [3 * hidden], values: biases)
        if layerNorm {
            let scope = variables.exists(prefix + "/gates/r/gain") ? prefix + "/gates" : prefix
            try addNorms(layer, ["r", "u"].map { "\(scope)/\($0)" }, variables)
        }
    }

    private mutating func addLSTM(_ layer: Int, _ prefix: String, _ variables: Variables) throws(FileFormatError) {
        let hidden = hiddenSizes[layer]
        let lower = layer == 0 ? inputSize : hiddenSizes[layer - 1]
        let weights = try variables.get(prefix + "/Weights", [lower + hidden, 4 * hidden])
        let biases = try variables.get(prefix + "/Biases", [4 * hidden]).values
        // i, j, f, o there; i, f, g, o here.
        let order = [0, 2, 1, 3].map { ($0 * hidden)..<(($0 + 1) * hidden) }
        tensors["rnn.weight_ih_l\(layer)"] = ModelFile.Tensor(shape: [4 * hidden, lower], values: order.flatMap { weights.columns($0, rows: 0..<lower) })
        tensors["rnn.weight_hh_l\(layer)"] = ModelFile.Tensor(shape: [4 * hidden, hidden], values: order.flatMap { weights.columns($0, rows: lower..<(lower + hidden)) })
        var bias = order.flatMap { biases[$0] }
        if layerNorm { try addNorms(layer, ["i", "f", "j", "o"].map { "\(prefix)/\($0)" }, variables) }
        // The forget bias of 1 is added at run time there, behind the layer norm where there is one, whose mean would swallow it before.
        for i in hidden..<(2 * hidden) {
            if layerNorm { tensors["rnn.norm_bias_l\(layer)"]?.values[i] += 1 } else { bias[i] += 1 }
        }
        tensors["rnn.bias_ih_l\(layer)"] = ModelFile.Tensor(shape: [4 * hidden], values: bias)
    }

    private mutating func addNorms(_ layer: Int, _ gates: [String], _ variables: Variables) throws(FileFormatError) {
        for part in ["gain", "bias"] {
            var values: [Float] = []
            for gate in gates { values += try variables.get("\(gate)/\(part)", [hiddenSizes[layer]]).values }
            tensors["rnn.norm_\(part)_l\(layer)"] = ModelFile.Tensor(shape: [values.count], values: values)
        }
    }
}

/// A file's tensors by the authors' names, prefixes taken off.
private struct Variables {
    private let file: Safetensors
    private var names: [String: String] = [:]

    init(_ file: Safetensors) {
        self.file = file
        // A golden file holds weights under weight/ and other things beside; a plain one has no such prefix.
        let hasPrefix = file.entries.keys.contains { $0.hasPrefix("weight/") }
        for name in file.entries.keys {
            var short = Substring(name)
            if hasPrefix {
                guard short.hasPrefix("weight/") else { continue }
                short = short.dropFirst("weight/".count)
            }
            if short.hasPrefix("model/") { short = short.dropFirst("model/".count) }
            names[String(short)] = name
        }
    }

    func exists(_ name: String) -> Bool { names[name] != nil }

    /// The cell's name and the prefix of each layer's variables, bottom first.
    func layers(_ cells: Set<String>) -> (cell: String, layers: [String])? {
        var found: (cell: String, numbered: [Int: String])?
        for name in names.keys {
            let parts = name.split(separator: "/").map { String($0) }
            guard let index = parts.firstIndex(where: { cells.contains($0) }), parts.last == "Weights", !parts.contains("state_update_prob") else { continue }
            var end = index
            var layer = 0
            if index + 1 < parts.count, parts[index + 1].hasPrefix("layer_"), let number = Int(parts[index + 1].dropFirst("layer_".count)) {
                layer = number - 1
                end = index + 1
            } else if index > 0, parts[index - 1].hasPrefix("cell_"), let number = Int(parts[index - 1].dropFirst("cell_".count)) {
                layer = number
            }
            found = found ?? (parts[index], [:])
            found?.numbered[layer] = parts[...end].joined(separator: "/")
        }
        guard let found else { return nil }
        return (found.cell, found.numbered.sorted { $0.key < $1.key }.map(\.value))
    }

    func get(_ name: String, _ shape: [Int]? = nil) throws(FileFormatError) -> ModelFile.Tensor {
        guard let stored = names[name], let entry = file.entries[stored], let values = file.floats(stored) else {
            throw FileFormatError(file.file, "the variable \(name) is missing")
        }
        if let shape, entry.shape != shape { throw FileFormatError(file.file, "the variable \(name) has shape \(describe(entry.shape)), \(describe(shape)) was expected") }
        return ModelFile.Tensor(shape: entry.shape, values: values)
    }
}

extension ModelFile.Tensor {
    /// Some columns of some rows of a matrix, transposed: (columns, rows), row-major.
    fileprivate func columns(_ columns: Range<Int>, rows: Range<Int>) -> [Float] {
        columns.flatMap { column in rows.map { values[$0 * shape[1] + column] } }
    }
}
