import SkipRNN

/// The sizes of one layer's buffers. P is H padded to a multiple of 16.
struct LayerShape: Sendable {
    enum Kind: Sendable { case gruResetBefore, gruResetAfter, lstm }

    let kind: Kind
    /// Features that the layer reads.
    let inputs: Int
    /// Floats of a row of what it reads: F for the first layer, P of the layer below for the others.
    let inputStride: Int
    /// H.
    let hidden: Int
    /// P.
    let padded: Int
    /// F, the timestep's features.
    let features: Int
    /// A Boolean value indicating whether the candidate reads the timestep instead of the layer below.
    let readsRawInput: Bool
    let hasNorm: Bool

    init(_ architecture: Architecture, layer: Int) {
        kind = architecture.cell.isLSTM ? .lstm : architecture.gruVariant == .resetBefore ? .gruResetBefore : .gruResetAfter
        inputs = architecture.inputSize(ofLayer: layer)
        inputStride = layer == 0 ? inputs : Kernels.padded(inputs)
        hidden = architecture.hiddenSizes[layer]
        padded = Kernels.padded(hidden)
        features = architecture.inputSize
        readsRawInput = architecture.readsRawInput(layer)
        hasNorm = architecture.layerNorm
    }

    /// Gates of the layer: 3 or 4.
    var gates: Int { kind == .lstm ? 4 : 3 }
    /// Gates that `weight_ih` computes: 2 where the candidate has its own input weights.
    var inputGates: Int { readsRawInput ? 2 : gates }
    /// Gates whose recurrent product is of h itself: not the candidate of a GRU that resets before it.
    var recurrentGates: Int { kind == .gruResetBefore ? 2 : gates }
    /// Floats of a stored row of gates.
    var stride: Int { (kind == .lstm ? 4 : kind == .gruResetBefore ? 3 : 4) * padded }
    /// Gates with layer norm.
    var normalizedGates: Int { !hasNorm ? 0 : kind == .lstm ? 4 : 2 }

    /// Floats that one timestep of one sequence takes while its gradient is pending.
    var floatsPerTimestep: Int {
        stride + 2 * padded + (kind == .lstm ? padded : 0) + normalizedGates * (padded + 2)
    }
}
