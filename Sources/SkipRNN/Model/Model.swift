/// A model ready for inference: weights laid out once for the kernels, shared by all streams and threads.
///
///     let model = Model(try ModelFile(contentsOf: "watch.safetensors"))
///     var inference = Inference(model)
///     if inference.step(timestep) == .updated { print(inference.probabilities) }
public final class Model: Sendable {
    public let architecture: Architecture
    public let metadata: ModelMetadata
    /// A hash of architecture and weights, 16 hexadecimal digits: a state made under one identity means nothing under another.
    public let identity: String
    /// The kernel variant that all of this model's arithmetic uses.
    public let kernels: Kernels
    /// A sequence's first state: `architecture.stateSize` floats; layer by layer h (H), then c (H) for an LSTM.
    public let initialState: [Float]

    /// What layers, head and gate point into.
    private let memory: WeightMemory
    private enum Layers: Sendable { case gru(SkipCell<GRUCell>), lstm(SkipCell<LSTMCell>) }
    private let layers: Layers
    private let head: PackedMatrix
    /// (F); empty where the file has none.
    private let mean: [Float]
    /// (F); empty where the file has none.
    private let standardDeviation: [Float]
    private let topOffset: Int

    /// Lays a model out for a kernel variant; the fastest one is the default.
    public init(_ file: ModelFile, kernels: Kernels = .best) {
        let architecture = file.architecture
        self.architecture = architecture
        self.kernels = kernels
        metadata = file.metadata
        identity = file.identity
        func values(_ name: String) -> [Float]? { file.tensors[name]?.values }
        initialState = architecture.hiddenSizes.enumerated().flatMap { layer, size -> [Float] in
            let zero = [Float](repeating: 0, count: size)
            let h = values("initial_state.h_l\(layer)") ?? zero
            return architecture.cell.isLSTM ? h + (values("initial_state.c_l\(layer)") ?? zero) : h
        }
        let memory = WeightMemory()
        self.memory = memory
        let gate = values("state_update_gate.weight").map { StateUpdateGate(weight: $0, bias: values("state_update_gate.bias")?[0] ?? 0, in: memory) }
        let indices = architecture.hiddenSizes.indices
        if architecture.cell.isLSTM {
            let cell = SkipCell(layers: indices.map { LSTMCell(file, layer: $0, in: memory) }, gate: gate, in: memory)
            topOffset = cell.topOffset
            layers = .lstm(cell)
        } else {
            let cell = SkipCell(layers: indices.map { GRUCell(file, layer: $0, in: memory) }, gate: gate, in: memory)
            topOffset = cell.topOffset
            layers = .gru(cell)
        }
        let hidden = architecture.topHiddenSize
        let (weight, bias) = (values("head.weight") ?? [], values("head.bias") ?? [])
        head = PackedMatrix(gates: [({ weight[$0 * hidden + $1] }, { bias[$0] })], rows: architecture.outputSize, columns: hidden, in: memory)
        mean = values("input.mean") ?? []
        standardDeviation = values("input.std") ?? []
    }

    /// Normalises a timestep of F features in place: (x − mean) / std.
    /// - Returns: whether every value is a number of at most `largestInput`; where not, no update may be made from it.
    public func normalize(_ timestep: UnsafeMutablePointer<Float>) -> Bool {
        var isUsable = true
        for i in 0..<architecture.inputSize {
            if !mean.isEmpty { timestep[i] -= mean[i] }
            if !standardDeviation.isEmpty { timestep[i] /= standardDeviation[i] }
            // False for what is not a number.
            isUsable = isUsable && abs(timestep[i]) <= Self.largestInput
        }
        return isUsable
    }

    /// The largest magnitude of a normalised value. Far beyond any sensor, and far below where a product with a weight overflows: the difference
    /// of two infinities would make the state not a number, and no later timestep would mend that.
    public static let largestInput: Float = 1e18

    /// Updates the states of several streams at once; each result is bit-identical to updating that stream alone.
    /// - Parameters:
    ///   - states: each stream's state, `architecture.stateSize` floats, changed in place.
    ///   - streams: at most `workspace.streams`.
    ///   - increments: receives each stream's new update probability increment Δũ (1 for cells without a gate).
    ///   - workspace: `input(s)` holds stream s's normalised timestep.
    public func update(_ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, streams: Int, increments: UnsafeMutablePointer<Float>, _ workspace: Workspace) {
        switch layers {
        case .gru(let cell): cell.update(states, streams: streams, increments: increments, workspace, kernels)
        case .lstm(let cell): cell.update(states, streams: streams, increments: increments, workspace, kernels)
        }
    }

    /// Where the top layer's hidden state begins in a stream's state: H_top floats.
    public var topHiddenStateOffset: Int { topOffset }

    /// Floats that `computeLogits` writes: C, padded.
    public var logitsCapacity: Int { head.paddedRows }

    /// Computes the head's C outputs from a stream's state: logits, or a regression's values.
    /// - Parameter logits: room for `logitsCapacity` floats, of which C have a meaning.
    public func computeLogits(_ state: UnsafePointer<Float>, into logits: UnsafeMutablePointer<Float>) {
        head.multiply(state + topOffset, stride: 0, into: logits, stride: 0, streams: 1, kernels)
    }
}
