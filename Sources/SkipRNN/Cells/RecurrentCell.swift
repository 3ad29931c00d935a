import CSkipKernels

/// One layer's arithmetic: from a timestep's input and the layer's state to the layer's new state.
///
/// A layer's state is one run of floats: h (H) for a GRU; h (H), then c (H) for an LSTM.
protocol RecurrentCell: BitwiseCopyable, Sendable {
    /// Features of the layer's input.
    var inputSize: Int { get }
    /// H.
    var hiddenSize: Int { get }
    /// Floats of the layer's state: H or 2 H.
    static func stateSize(hiddenSize: Int) -> Int
    /// Where in the layer's state the values begin that the state update gate reads: h of a GRU, c of an LSTM.
    static func gateOffset(hiddenSize: Int) -> Int

    /// The layer as one kernel, `gru`, computes it, its state beginning at `offset`; nil for the kinds that `update` puts together.
    func whole(at offset: Int) -> skip_gru?

    /// Computes the candidate state of several streams and stores it over their states.
    /// - Parameters:
    ///   - states: the address of each stream's state, in which the layer's begins at `offset`.
    ///   - concatenated: rows of `workspace.width` floats, each with a stream's input (`inputSize` floats) in front.
    func update(
        _ states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, offset: Int, streams: Int, concatenated: UnsafeMutablePointer<Float>, _ workspace: Workspace, _ kernels: Kernels
    )
}

extension RecurrentCell {
    func whole(at offset: Int) -> skip_gru? { nil }
}
