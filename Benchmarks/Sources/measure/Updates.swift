import CMachine
import COpenBLASStep
import CSkipKernels
import Glibc
import Made
import SkipRNN

/// A model with states to update, as many as the largest batch needs.
struct UpdateBench {
    let model: Model
    private let workspace: Workspace
    private let states: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    private let increments: UnsafeMutablePointer<Float>
    /// Streams that one call of the library updates together at most.
    private static let together = 8
    static let most = 64

    init(hidden: Int, kernels: Kernels = .best) throws {
        model = Model(try ModelFile.made(features: madeFeatures, hidden: hidden, period: nil), kernels: kernels)
        workspace = Workspace(for: model, streams: Self.together)
        states = .allocate(capacity: Self.most)
        increments = .allocate(capacity: Self.most)
        var generator = SplitMix(1)
        // Row behind row from a cache line on, as a processor keeps them.
        let rows = UnsafeMutableRawPointer.allocate(byteCount: Self.most * hidden * 4, alignment: 64).bindMemory(to: Float.self, capacity: Self.most * hidden)
        rows.initialize(repeating: 0, count: Self.most * hidden)
        for stream in 0..<Self.most { states[stream] = rows + stream * hidden }
        for stream in 0..<Self.together {
            for i in 0..<madeFeatures { workspace.input(stream)[i] = .random(in: -1...1, using: &generator) }
        }
    }

    /// Updates `streams` streams, some of them together.
    @inline(never)
    func update(_ streams: Int) {
        var done = 0
        while done < streams {
            let count = min(streams - done, Self.together)
            model.update(states + done, streams: count, increments: increments + done, workspace)
            done += count
        }
    }
}

/// One update of one stream, and of several together, in ns a stream; beside the machine's bandwidth and peak and OpenBLAS.
func measureUpdates(rounds: Int) throws {
    let kernels = skip_kernels_best()
    for hidden in [48, 110, 128] {
        let bench = try UpdateBench(hidden: hidden)
        let others = try Kernels.all.filter { $0.name != bench.model.kernels.name }.map { ($0.name, try UpdateBench(hidden: hidden, kernels: $0)) }
        let gru = openblas_gru_make(madeFeatures, hidden)
        var h = [Float](repeating: 0, count: hidden + 16)
        let x = [Float](repeating: 0.3, count: madeFeatures)
        // The weights that a step reads, and its operations.
        let bytes = 3 * hidden * (madeFeatures + hidden) * 4
        let operations = Double(bytes / 2)
        var (bandwidth, peak) = (0.0, 0.0)
        let batches = [1, 2, 4, 8, 64]
        var times = [Shortest](repeating: .init(), count: batches.count)
        var blas = Shortest()
        var otherTimes = [Shortest](repeating: .init(), count: others.count * 2)
        let repeats = 8_000_000 / bytes
        for round in 0..<rounds {
            bandwidth = max(bandwidth, machine_read_bandwidth(bytes))
            peak = max(peak, machine_fma_peak())
            for (index, batch) in batches.enumerated() { times[index].time(max(repeats / batch, 4)) { bench.update(batch) } }
            blas.time(repeats) { openblas_gru_step(gru, kernels, x, &h) }
            guard round % 4 == 0 else { continue }
            for (index, other) in others.enumerated() {
                otherTimes[2 * index].time(repeats / 4) { other.1.update(1) }
                otherTimes[2 * index + 1].time(repeats / 16) { other.1.update(8) }
            }
        }
        for (index, batch) in batches.enumerated() {
            let nanoseconds = times[index].nanoseconds / Double(batch)
            report([
                "what": "update", "hidden": hidden, "streams": batch, "variant": bench.model.kernels.name, "ns": nanoseconds,
                "bandwidth": bandwidth * 1e-9, "of_bandwidth": Double(bytes) / nanoseconds / (bandwidth * 1e-9),
                "peak": peak * 1e-9, "of_peak": operations / nanoseconds / (peak * 1e-9),
            ])
        }
        report(["what": "openblas", "hidden": hidden, "ns": blas.nanoseconds, "ratio": blas.seconds / times[0].seconds, "version": String(cString: openblas_description())])
        for (index, other) in others.enumerated() {
            report(["what": "variant", "hidden": hidden, "variant": other.0, "ns": otherTimes[2 * index].nanoseconds, "ns_of_8": otherTimes[2 * index + 1].nanoseconds / 8])
        }
    }
}

/// OpenBLAS's step by itself: which of its kernels are the fastest here, `OPENBLAS_CORETYPE` chooses.
func measureBLAS(rounds: Int) {
    for hidden in [48, 110] {
        let gru = openblas_gru_make(madeFeatures, hidden)
        var h = [Float](repeating: 0, count: hidden + 16)
        let x = [Float](repeating: 0.3, count: madeFeatures)
        var time = Shortest()
        for _ in 0..<rounds { time.time(100) { openblas_gru_step(gru, skip_kernels_best(), x, &h) } }
        report(["what": "openblas", "hidden": hidden, "ns": time.nanoseconds])
    }
}

/// Updates and nothing else, for a profiler to look at.
func spin(hidden: Int, streams: Int, updates: Int) throws {
    let bench = try UpdateBench(hidden: hidden)
    for _ in 0..<updates { bench.update(streams) }
}

/// What the gate's arithmetic costs after an update: the countdown from a new increment.
func measureGate(rounds: Int) throws {
    for increment in [0.5, 0.3, 0.1, 0.05, 0.01, 0.001, 1e-5] as [Float] {
        let gate = GateState(updateProbabilityIncrement: increment, cumulativeUpdateProbability: 0)
        var time = Shortest()
        var sum: UInt64 = 0
        for _ in 0..<rounds { time.time(20_000) { sum &+= countdown(gate) } }
        report(["what": "countdown", "increment": increment, "timesteps": gate.timestepsUntilUpdate ?? 0, "ns": time.nanoseconds])
    }
}

@inline(never)
private func countdown(_ gate: GateState) -> UInt64 { gate.timestepsUntilUpdate ?? 0 }

func writeModel(hidden: Int, period: Int, to path: String) throws {
    try ModelFile.made(features: madeFeatures, hidden: hidden, period: period == 0 ? nil : period).write(to: path)
}
