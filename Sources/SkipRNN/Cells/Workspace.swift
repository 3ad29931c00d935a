import Glibc

/// The scratch memory of one update of up to `streams` streams, allocated once.
///
/// Not to be shared between threads. A stream's part lies at its index times the stride.
public final class Workspace {
    /// Streams that can be updated together.
    public let streams: Int
    /// Floats from one stream's [x, h] to the next one's: at least in + H, padded, of every layer.
    let width: Int
    /// Floats from one stream's gates to the next one's: at least the padded rows of every layer's gates.
    let rows: Int
    /// [x, h] of the layers above the first, one after the other, where the first one's x may still be read: (streams, width).
    private let concatenated: UnsafeMutablePointer<Float>
    /// Pre-activations, then activations: (streams, rows).
    let gates: UnsafeMutablePointer<Float>
    /// GRU candidates: (streams, rows).
    let candidates: UnsafeMutablePointer<Float>
    /// W_hn h of a GRU that resets after the product: (streams, rows).
    let recurrent: UnsafeMutablePointer<Float>
    /// [x, h] of the first layer, and of the others where one kernel computes them all: (streams, width).
    private let inputs: UnsafeMutablePointer<Float>
    private let memory: UnsafeMutablePointer<Float>

    /// Scratch for a model's updates.
    public convenience init(for model: Model, streams: Int) {
        self.init(model.architecture, streams: streams)
    }

    init(_ architecture: Architecture, streams: Int) {
        precondition(streams > 0, "a workspace is for at least one stream")
        let layers = architecture.hiddenSizes.indices
        let widest = layers.map { max(architecture.inputSize(ofLayer: $0), architecture.inputSize) + PackedMatrix.padded(architecture.hiddenSizes[$0]) }.max() ?? 0
        self.streams = streams
        // The first layer's h begins a cache line, behind its x.
        let lead = PackedMatrix.padded(architecture.inputSize) - architecture.inputSize
        width = PackedMatrix.padded(widest + lead)
        // One block more, so that streams' rows don't lie a multiple of 4 KiB apart and fight for cache sets.
        rows = (architecture.hiddenSizes.map { PackedMatrix.padded($0) }.max() ?? 0) * 4 + 16
        var address: UnsafeMutableRawPointer?
        let count = streams * (2 * width + 3 * rows)
        let status = posix_memalign(&address, 64, count * MemoryLayout<Float>.stride)
        guard status == 0, let address else { fatalError("out of memory for a workspace of \(count) floats") }
        memory = address.bindMemory(to: Float.self, capacity: count)
        memory.initialize(repeating: 0, count: count)
        inputs = memory + lead
        concatenated = inputs + streams * width
        gates = memory + streams * 2 * width
        candidates = gates + streams * rows
        recurrent = candidates + streams * rows
    }

    deinit { free(memory) }

    /// Where stream `index`'s timestep goes before an update, which may overwrite it: F floats.
    public func input(_ index: Int) -> UnsafeMutablePointer<Float> { inputs + index * width }

    /// Where [x, h] of a layer lie, one row a stream.
    func concatenated(layer: Int) -> UnsafeMutablePointer<Float> { layer == 0 ? inputs : concatenated }
}
