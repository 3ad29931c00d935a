import SkipRNN

/// One sequence run through a model: what came out of it, and on request every timestep's numbers.
struct ReplayedSequence {
    /// Which recording it is from, and its timesteps within all N.
    let recording: Int
    let timesteps: Range<Int>
    private(set) var updates = 0
    /// Timesteps at which an update was due, but a value was not finite.
    private(set) var rejected = 0
    /// (C), after the last timestep: probabilities, or a regression's values.
    private(set) var outputs: [Float] = []

    /// Runs timesteps through the model from its initial state.
    init(_ model: Model, _ recordings: Recordings, recording: Int, timesteps: Range<Int>, options: GateOptions, trace: inout ReplayTrace?) {
        self.recording = recording
        self.timesteps = timesteps
        var inference = Inference(model, options: options)
        for index in timesteps {
            let outcome = inference.step(recordings.timestep(index))
            switch outcome {
            case .updated: updates += 1
            case .skipped: break
            case .rejected: rejected += 1
            }
            trace?.append(inference, outcome)
        }
        outputs = model.architecture.task == .classification ? inference.probabilities : inference.logits
    }

    /// The class of the largest probability, the first one of equals.
    var predicted: Int { outputs.indices.max { outputs[$0] < outputs[$1] } ?? 0 }
}

/// Every timestep of a replay, as `--trace` writes it.
struct ReplayTrace {
    /// (N): 1 where the state was updated.
    private var gate: [UInt8] = []
    /// (N, H_top), after the timestep, as the others.
    private var h: [Float] = []
    /// (N).
    private var updateProbability: [Float] = []
    /// (N).
    private var cumulativeUpdateProbability: [Float] = []
    /// (N, C).
    private var logits: [Float] = []
    /// The logits since the last update: they change with the state only.
    private var current: [Float] = []
    private let model: Model

    init(_ model: Model) { self.model = model }

    /// Notes the state after a timestep.
    mutating func append(_ inference: Inference, _ outcome: Inference.Outcome) {
        // The first update of a sequence may be rejected: the logits are then those of the initial state.
        if outcome != .skipped { current = inference.logits }
        gate.append(outcome == .updated ? 1 : 0)
        h.append(contentsOf: inference.hiddenState)
        updateProbability.append(inference.gate.updateProbabilityIncrement)
        cumulativeUpdateProbability.append(inference.gate.cumulativeUpdateProbability)
        logits.append(contentsOf: current)
    }

    /// Writes the trace as a safetensors file.
    func write(to path: String) throws(FileFormatError) {
        let count = gate.count
        var writer = SafetensorsWriter(metadata: ["format": "skip-trace", "version": "1", "model_identity": model.identity, "kernels": model.kernels.name])
        writer.add("gate", shape: [count], bytes: gate)
        writer.add("h", shape: [count, model.architecture.topHiddenSize], floats: h)
        writer.add("update_probability", shape: [count], floats: updateProbability)
        writer.add("cumulative_update_probability", shape: [count], floats: cumulativeUpdateProbability)
        writer.add("logits", shape: [count, model.architecture.outputSize], floats: logits)
        try writer.write(to: path)
    }
}
