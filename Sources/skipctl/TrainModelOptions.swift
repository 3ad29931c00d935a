import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// What `skipctl train` makes: the model's architecture.
struct TrainModelOptions: ParsableArguments {
    @Option(help: "The cell: \(Architecture.Cell.allCases.map(\.rawValue).joined(separator: ", ")).")
    var cell: Architecture.Cell = .skipGRU
    @Option(help: "Where a GRU's candidate applies the reset gate: reset_before (the authors') or reset_after (PyTorch's).")
    var gruVariant: Architecture.GRUVariant = .resetBefore
    @Option(help: "What the candidates of upper GRU layers read: layer or raw (the authors' released code).")
    var candidateInput: Architecture.CandidateInput = .layer
    @Option(help: ArgumentHelp("Hidden units of each layer, bottom first.", valueName: "h,…"))
    var hidden = "110"
    @Flag(help: "Layer norm in the authors' form.")
    var layerNorm = false
    @Option(help: "The update rate that training begins with, roughly; the paper's nearly every timestep by default.")
    var initialUpdateRate: Double?
    @Option(help: "The most timesteps skipped in a row, noted in the model; no bound by default.")
    var maxSkip: Int?

    func validate() throws {
        guard !sizes.isEmpty, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 14 }) else { throw ValidationError("--hidden must be whole numbers from 1 to 16384, such as 48 or 64,32") }
        guard initialUpdateRate.map({ $0 > 0 && $0 <= 1 }) ?? true else { throw ValidationError("--initial-update-rate must be above 0 and at most 1") }
        guard maxSkip.map({ $0 > 0 }) ?? true else { throw ValidationError("--max-skip must be a whole number from 1 up") }
    }

    var sizes: [Int] {
        let parts = hidden.split(separator: ",").map { Int($0) }
        return parts.contains(nil) ? [] : parts.compactMap { $0 }
    }

    func architecture(task: Architecture.Task, features: Int, outputs: Int) -> Architecture {
        Architecture(
            cell: cell, gruVariant: gruVariant, candidateInput: cell.isLSTM ? .layer : candidateInput, layerNorm: layerNorm, task: task,
            inputSize: features, hiddenSizes: sizes, outputSize: outputs)
    }
}
