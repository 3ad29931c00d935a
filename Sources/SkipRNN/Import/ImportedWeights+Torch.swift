// PyTorch's state_dict names: [prefix.]weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, …, and one linear layer as the head.
// PyTorch's GRU resets after the product; its gate order and layout are the model file's own.

extension ImportedWeights {
    /// Takes over `nn.GRU` or `nn.LSTM` and a linear layer; nil where there is no `weight_hh_l0`.
    init?(torch source: Safetensors) throws(FileFormatError) {
        let recurrent = source.entries.keys.filter { $0.hasSuffix("weight_hh_l0") }.sorted()
        guard let first = recurrent.first else { return nil }
        func fail(_ problem: String) -> FileFormatError { FileFormatError(source.file, problem) }
        guard recurrent.count == 1 else { throw fail("has more than one recurrent module (\(recurrent.joined(separator: ", "))); save the one to import") }
        let prefix = String(first.dropLast("weight_hh_l0".count))
        if let name = source.entries.keys.sorted().first(where: { $0.hasSuffix("_reverse") }) { throw fail("\(name): a bidirectional network reads the future and can't run on a stream") }
        if let name = source.entries.keys.sorted().first(where: { $0.contains("weight_hr_l") }) { throw fail("\(name): an LSTM with projections (proj_size) is not supported") }

        hiddenSizes = []
        while let entry = source.entries["\(prefix)weight_hh_l\(hiddenSizes.count)"], entry.shape.count == 2 { hiddenSizes.append(entry.shape[1]) }
        guard let shape = source.entries[first]?.shape, shape.count == 2, shape[1] > 0, let input = source.entries["\(prefix)weight_ih_l0"], input.shape.count == 2 else {
            throw fail("the tensors \(prefix)weight_ih_l0 and \(first) must be matrices")
        }
        inputSize = input.shape[1]
        let hasGate = source.entries["state_update_gate.weight"] != nil
        switch shape[0] / shape[1] {
        case 3: cell = hasGate ? .skipGRU : .gru
        case 4: cell = hasGate ? .skipLSTM : .lstm
        default: throw fail("the tensor \(first) has shape \(describe(shape)), (3 H, H) of a GRU or (4 H, H) of an LSTM was expected")
        }
        gruVariant = .resetAfter

        var taken: Set<String> = []
        func take(_ name: String, as target: String) {
            guard let entry = source.entries[name], let values = source.floats(name) else { return }
            tensors[target] = ModelFile.Tensor(shape: entry.shape, values: values)
            taken.insert(name)
        }
        for (layer, size) in hiddenSizes.enumerated() {
            for part in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] { take("\(prefix)\(part)_l\(layer)", as: "rnn.\(part)_l\(layer)") }
            if tensors["rnn.bias_ih_l\(layer)"] == nil {
                tensors["rnn.bias_ih_l\(layer)"] = ModelFile.Tensor(shape: [cell.gates * size], values: [Float](repeating: 0, count: cell.gates * size))
                notes.append("layer \(layer) has no biases: they are taken as zero")
            }
            take("initial_state.h_l\(layer)", as: "initial_state.h_l\(layer)")
            take("initial_state.c_l\(layer)", as: "initial_state.c_l\(layer)")
        }
        for name in ["state_update_gate.weight", "state_update_gate.bias", "input.mean", "input.std"] { take(name, as: name) }

        let top = hiddenSizes[hiddenSizes.count - 1]
        let heads = source.entries.filter { !taken.contains($0.key) && $0.key.hasSuffix("weight") && $0.value.shape.count == 2 && $0.value.shape[1] == top }.keys.sorted()
        guard heads.count <= 1 else { throw fail("has more than one linear layer over the top hidden state (\(heads.joined(separator: ", "))); save the one that is the output") }
        if let head = heads.first, let classes = source.entries[head]?.shape[0] {
            take(head, as: "head.weight")
            take(String(head.dropLast("weight".count)) + "bias", as: "head.bias")
            if tensors["head.bias"] == nil { tensors["head.bias"] = ModelFile.Tensor(shape: [classes], values: [Float](repeating: 0, count: classes)) }
        }
        for name in source.entries.keys.sorted() where !taken.contains(name) { notes.append("the tensor \(name) is not used") }
    }
}
