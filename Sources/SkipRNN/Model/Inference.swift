/// One sequence run through a model, timestep by timestep: the plain form of what skipd does for each stream.
public struct Inference {
    /// What became of a timestep.
    public enum Outcome: Sendable, Equatable {
        /// An update was due and was made.
        case updated
        /// No update was due: nothing was computed, the timestep wasn't looked at.
        case skipped
        /// An update was due but a value was not finite, or beyond `Model.largestInput`: the state stays, the update stays due.
        case rejected
    }

    public let model: Model
    /// After a timestep: its Δũ and ũ.
    public private(set) var gate: GateState
    /// The whole state: layer by layer h (H), then c (H) for an LSTM.
    public private(set) var state: [Float]
    private let options: GateOptions
    private let workspace: Workspace
    /// Timesteps since the last update.
    private var skipped = 0

    /// Begins a sequence in the model's initial state.
    /// - Parameters:
    ///   - gate: another start of the gate, for tests of hand-made states.
    ///   - options: stretch and max_skip; by default the model's own max_skip and no stretch.
    public init(_ model: Model, gate: GateState = .start, options: GateOptions? = nil) {
        self.model = model
        self.gate = gate
        self.options = options.map { model.architecture.cell.hasStateUpdateGate ? $0 : GateOptions(maxSkip: $0.maxSkip) } ?? model.gateOptions()
        state = model.initialState
        workspace = Workspace(for: model, streams: 1)
    }

    /// Passes one timestep of F features.
    public mutating func step(_ timestep: some Collection<Float>) -> Outcome {
        precondition(timestep.count == model.architecture.inputSize, "a timestep must have the model's F features")
        guard gate.isUpdateDue || options.maxSkip.map({ skipped >= $0 }) == true else {
            gate.skip()
            skipped += 1
            return .skipped
        }
        let input = workspace.input(0)
        for (index, value) in timestep.enumerated() { input[index] = value }
        guard model.normalize(input) else {
            skipped += 1
            return .rejected
        }
        var increment: Float = 1
        state.withUnsafeMutableBufferPointer { state in
            guard var address = state.baseAddress else { return }
            model.update(&address, streams: 1, increments: &increment, workspace)
        }
        gate.update(increment: options.stretched(increment))
        skipped = 0
        return .updated
    }

    /// The top layer's hidden state (H).
    public var hiddenState: ArraySlice<Float> {
        state[model.topHiddenStateOffset..<(model.topHiddenStateOffset + model.architecture.topHiddenSize)]
    }

    /// The head's outputs (C): logits, or a regression's values.
    public var logits: [Float] {
        var logits = [Float](repeating: 0, count: model.logitsCapacity)
        model.computeLogits(state, into: &logits)
        return Array(logits[..<model.architecture.outputSize])
    }

    /// Class probabilities (C): the softmax of the logits.
    public var probabilities: [Float] {
        var values = logits
        values.withUnsafeMutableBufferPointer { softmax($0) }
        return values
    }
}
