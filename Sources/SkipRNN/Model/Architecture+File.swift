// How a model file says what its architecture is: cell and task in the metadata, sizes in the shapes of tensors.

extension Architecture {
    /// Reads the architecture of a model file.
    /// - Throws: `FileFormatError` where metadata is missing or unknown, or a tensor that gives a size is missing.
    init(_ file: Safetensors) throws(FileFormatError) {
        let cell: Cell = try Self.value(file, "cell", default: nil)
        self.cell = cell
        gruVariant = try Self.value(file, "gru_variant", default: cell.isLSTM ? .resetBefore : nil)
        candidateInput = try Self.value(file, "candidate_input", default: .layer)
        task = try Self.value(file, "task", default: nil)
        switch file.metadata["layer_norm"] {
        case "true": layerNorm = true
        case "false", nil: layerNorm = false
        case let other?: throw FileFormatError(file.file, "its metadata layer_norm is \(other.prefix(80)), true or false was expected")
        }
        inputSize = try Self.dimension(file, "rnn.weight_ih_l0", 1)
        hiddenSizes = []
        repeat {
            hiddenSizes.append(try Self.dimension(file, "rnn.weight_hh_l\(hiddenSizes.count)", 1))
        } while file.entries["rnn.weight_hh_l\(hiddenSizes.count)"] != nil
        outputSize = try Self.dimension(file, "head.weight", 0)
    }

    /// The architecture's metadata as a file has it.
    var encoded: [String: String] {
        var metadata = ["cell": cell.rawValue, "task": task.rawValue, "layer_norm": layerNorm ? "true" : "false"]
        if !cell.isLSTM {
            metadata["gru_variant"] = gruVariant.rawValue
            metadata["candidate_input"] = candidateInput.rawValue
        }
        return metadata
    }

    private static func value<Value: RawRepresentable<String> & CaseIterable>(_ file: Safetensors, _ key: String, default fallback: Value?) throws(FileFormatError) -> Value {
        let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text = file.metadata[key] else {
            if let fallback { return fallback }
            throw FileFormatError(file.file, "its metadata \(key) is missing, one of \(choices) was expected")
        }
        guard let value = Value(rawValue: text) else { throw FileFormatError(file.file, "its metadata \(key) is \(text.prefix(80)), one of \(choices) was expected") }
        return value
    }

    private static func dimension(_ file: Safetensors, _ name: String, _ index: Int) throws(FileFormatError) -> Int {
        guard let entry = file.entries[name] else { throw FileFormatError(file.file, "the tensor \(name) is missing") }
        guard entry.shape.count == 2, entry.shape[0] > 0, entry.shape[1] > 0 else { throw FileFormatError(file.file, "the tensor \(name) has shape \(describe(entry.shape)), a matrix was expected") }
        return entry.shape[index]
    }
}
