public import SkipRNN

/// Which loss is trained on.
public struct LossOptions: Sendable, Equatable {
    /// λ, the cost of one update. The default is 0.
    public var costPerUpdate: Float = 0
    /// The default is the last timestep.
    public var place = LossPlace.last

    public init(costPerUpdate: Float = 0, place: LossPlace = .last) {
        self.costPerUpdate = costPerUpdate
        self.place = place
    }
}

/// A model's layers, gate and head, laid out for the passes; and the threads' parts of a batch.
///
/// A batch is always cut into the same number of parts, however many threads there are, and the parts' gradients are
/// added in order: the number of threads changes no bit of a result.
public final class Network: @unchecked Sendable { // `update` is called while no part is at work
    public let architecture: Architecture
    let layers: [PackedLayer]
    let head: Head
    let hasGate: Bool
    /// (P of the top layer).
    let gateWeight: FloatBuffer
    private(set) var gateBias: Float = 0
    /// (P) of each layer.
    let initialHidden: [FloatBuffer]
    let initialCell: [FloatBuffer]
    private var parts: [BatchPart] = []

    /// Parts of a batch: as many as the cores that the project is built for.
    static let partCount = 2

    public init(_ architecture: Architecture) {
        self.architecture = architecture
        layers = architecture.hiddenSizes.indices.map { PackedLayer(LayerShape(architecture, layer: $0)) }
        head = Head(architecture)
        hasGate = architecture.cell.hasStateUpdateGate
        gateWeight = FloatBuffer(head.padded)
        initialHidden = layers.map { FloatBuffer($0.shape.padded) }
        initialCell = layers.map { FloatBuffer($0.shape.padded) }
        parts = (0..<Self.partCount).map { _ in BatchPart(self) }
    }

    /// Lays out parameters for the next passes.
    public func update(_ parameters: Parameters) {
        precondition(parameters.architecture == architecture, "the parameters must be of the network's architecture")
        for (index, layer) in layers.enumerated() {
            layer.fill(parameters, layer: index)
            for (name, buffer) in [("h", initialHidden[index]), ("c", initialCell[index])] {
                for (unit, value) in (parameters["initial_state.\(name)_l\(index)"] ?? []).enumerated() { buffer.start[unit] = value }
            }
        }
        head.fill(parameters)
        for (unit, value) in (parameters["state_update_gate.weight"] ?? []).enumerated() { gateWeight.start[unit] = value }
        gateBias = parameters["state_update_gate.bias"]?.first ?? 0
    }

    /// Runs a batch forward and, where `gradient` is not nil, back; the gradient is added to it.
    /// - Parameters:
    ///   - threads: 1 or 2; changes no bit of the result.
    ///   - trace: where not nil, receives what became of each sequence.
    public func run(_ batch: Batch, _ options: LossOptions, gradient: UnsafeMutablePointer<Parameters>? = nil, trace: UnsafeMutablePointer<BatchTrace>? = nil, threads: Int = 2) -> BatchResult {
        let half = (batch.count + 1) / Self.partCount
        let ranges = [0..<half, half..<batch.count]
        var results = [BatchResult](repeating: BatchResult(), count: ranges.count)
        let wantsGradient = gradient != nil
        results.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results // each thread writes its own element
            let parts = parts
            inParallel(ranges.count, threads: threads) { index in
                let (part, range) = (parts[index], ranges[index])
                part.load(batch, range)
                part.forward { t, row in batch.forcedUpdates.isEmpty || batch.forcedUpdates[t * batch.count + range.lowerBound + row] != 0 }
                results[index] = part.loss(batch, range, options)
                if wantsGradient { part.backward(batch, options) }
            }
        }
        if let gradient { for part in parts { part.collect(into: &gradient.pointee) } }
        if let trace { for (part, range) in zip(parts, ranges) { trace.pointee.add(part, range) } }
        var total = BatchResult()
        for result in results { total.add(result) }
        return total
    }

    /// Bytes that training a batch takes: linear in T × B.
    public static func memory(_ architecture: Architecture, timesteps: Int, batch: Int) -> Int {
        let floats = architecture.hiddenSizes.indices.reduce(architecture.inputSize) { $0 + LayerShape(architecture, layer: $1).floatsPerTimestep }
        return timesteps * batch * (4 * floats + 17)
    }
}

/// What became of each sequence of a batch.
public struct BatchTrace: Sendable {
    /// (B): outputs at the last timestep.
    public var outputs: [[Float]]
    /// (B): for each timestep of the sequence, whether it was read.
    public var updated: [[Bool]]

    public init(count: Int) {
        outputs = [[Float]](repeating: [], count: count)
        updated = [[Bool]](repeating: [], count: count)
    }

    mutating func add(_ part: BatchPart, _ range: Range<Int>) {
        for row in 0..<range.count {
            outputs[range.lowerBound + row] = part.lastOutputs[row]
            updated[range.lowerBound + row] = (0..<part.lengths[row]).map { part.updated[$0 * part.rows + row] }
        }
    }
}
