import SkipRNN

/// The streams' states of one model, and what computing several of them together needs.
final class ModelGroup {
    let model: Model
    /// The model's identity and kernel variant as stored records have them.
    let identity: UInt64
    let kernelName: StreamRecord.KernelName
    /// One row a stream: the model's whole state, then the distances between its last updates where a bound needs them.
    var rows: Slab<Float>
    /// K − 1 where at most K updates may fall into a window: so many distances are kept. Nil where there is no such bound.
    let gaps: Int?
    let workspace: Workspace
    /// The addresses of the states in work: (batch).
    let states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// The new increments of the states in work: (batch).
    let increments: UnsafeMutablePointer<Float>
    /// Room for one stream's outputs: logits, then probabilities.
    let outputs: UnsafeMutableBufferPointer<Float>
    /// Each label as JSON.
    let labels: [[UInt8]]
    /// Updates made.
    var updates: UInt64 = 0
    /// Timesteps passed, counted at updates and sequence ends, so that skipping one costs nothing.
    var timesteps: UInt64 = 0

    /// Streams that are updated together at most. Never waited for.
    static let batch = 8

    init(_ model: Model, gaps: Int? = nil) {
        self.model = model
        self.gaps = gaps
        identity = UInt64(model.identity, radix: 16) ?? 0
        kernelName = StreamRecord.KernelName(model.kernels.name)
        rows = Slab(width: model.architecture.stateSize + (gaps ?? 0))
        workspace = Workspace(for: model, streams: Self.batch)
        states = .allocate(capacity: Self.batch)
        increments = .allocate(capacity: Self.batch)
        outputs = .allocate(capacity: model.logitsCapacity)
        labels = model.metadata.labels.map { label in
            var json: [UInt8] = []
            json.appendJSON(label)
            return json
        }
    }

    deinit {
        states.deallocate()
        increments.deallocate()
        outputs.deallocate()
    }

    /// The most probable class and its probability; (0, the first value) for regression.
    typealias Best = (label: Int, probability: Float)

    /// Computes a stream's outputs from its state: class probabilities, or a regression's values, in `outputs`.
    func classify(_ row: UInt32) -> Best {
        guard let start = outputs.baseAddress else { return (0, 0) }
        model.computeLogits(rows[row], into: start)
        let values = UnsafeMutableBufferPointer(start: start, count: model.architecture.outputSize)
        guard model.architecture.task == .classification else { return (0, values[0]) }
        softmax(values)
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return (best, values[best])
    }
}
