import CMachine
import CSkipKernels
import Glibc
import Made
import SkipRNN

/// The links of the chain that one update of H = 48 is, each waiting for the one before: cycles of each by itself, beside reading the weights.
///
/// A link writes what its next run reads, so that none overlaps with itself; each is a call of its own, some cycles longer than inside a step.
func measureLinks(rounds: Int) throws {
    let hidden = 48, columns = madeFeatures + hidden, blocks = hidden / Int(SKIP_ROWS), repeats = 100
    let kernels = skip_kernels_best().pointee
    let weights = 3 * hidden * columns
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 64).bindMemory(to: Float.self, capacity: 16_384)
    memory.initialize(repeating: 0.01, count: 16_384)
    let (bias, input, work, h, y, z, weight) = (memory + 8192, memory + 9216 + 16 - madeFeatures, memory + 10_240, memory + 11_264, memory + 12_288, memory + 13_312, memory + 14_336)
    let layer = UnsafeMutablePointer<skip_gru>.allocate(capacity: 1), state = UnsafeMutablePointer<UnsafeMutablePointer<Float>?>.allocate(capacity: 1)
    let logit = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    layer.initialize(to: skip_gru(
        features: madeFeatures, hidden: hidden, blocks: blocks, offset: 0, gates: memory, gates_bias: bias, candidate: memory + 2 * hidden * columns, candidate_bias: bias))
    state.initialize(to: h)
    logit.initialize(to: 0.1)
    precondition(weights <= 8192, "the weights must fit in front of the rest")
    let bench = try UpdateBench(hidden: hidden)
    let links: [(String, () -> Void)] = [
        ("sigmoids", { kernels.sigmoid(y, hidden) }),
        ("tanh", { kernels.tanh(y, hidden) }),
        ("blend", { kernels.gru_blend(z, y, h, hidden) }),
        ("the state update gate's product", { h[0] = kernels.dot(weight, h, hidden) * 0.01 }),
        ("its sigmoid, in Float64", { logit.pointee = Float(1 / (1 + exp(-Double(logit.pointee)))) }),
        ("the step, without Δũ", { kernels.gru(layer, 1, state, 1, input, 128, work, 160, nil, nil) }),
        ("the whole update, with Δũ", { bench.update(1) }),
    ]
    var times = [Shortest](repeating: .init(), count: links.count)
    var (cycle, bandwidth) = (Shortest(), 0.0)
    let bytes = weights * 4
    for _ in 0..<rounds {
        cycle.note(machine_cycle())
        bandwidth = max(bandwidth, machine_read_bandwidth(bytes))
        for (index, link) in links.enumerated() { times[index].time(repeats, link.1) }
    }
    precondition(logit.pointee.isFinite, "the links' values must be numbers")
    report(["what": "link", "name": "reading the weights", "cycles": Double(bytes) / bandwidth / cycle.seconds, "ns": Double(bytes) / bandwidth * 1e9])
    for (index, link) in links.enumerated() {
        report(["what": "link", "name": link.0, "cycles": times[index].seconds / cycle.seconds, "ns": times[index].nanoseconds])
    }
}
