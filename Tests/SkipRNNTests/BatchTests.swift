import SkipRNN
import Testing
import TestSupport

@Suite("Several streams at once")
struct BatchTests {
    @Test("a stream's update is bit-identical whatever it is computed with, for any architecture and kernel variant", arguments: Kernels.all)
    func batches(kernels: Kernels) throws {
        let seed: UInt64 = .random(in: 0 ... .max)
        var generator = SplitMix(seed: seed)
        for round in 0..<80 {
            let architecture = RandomModel.architecture(&generator)
            let model = Model(try RandomModel.file(architecture, &generator), kernels: kernels)
            let streams = 1 + round % 9
            let workspace = Workspace(for: model, streams: streams)
            let alone = Workspace(for: model, streams: 1)
            let size = architecture.stateSize
            let together = UnsafeMutablePointer<Float>.allocate(capacity: streams * size)
            let single = UnsafeMutablePointer<Float>.allocate(capacity: size)
            defer {
                together.deallocate()
                single.deallocate()
            }
            // Any states, not only those that updates lead to.
            let states = (0..<(streams * size)).map { _ in Float.random(in: -1.5..<1.5, using: &generator) }
            for _ in 0..<2 {
                together.initialize(from: states, count: states.count)
                let samples = RandomModel.timesteps(streams, features: architecture.inputSize, &generator)
                for s in 0..<streams { for f in 0..<architecture.inputSize { workspace.input(s)[f] = samples[s * architecture.inputSize + f] } }
                var rows = (0..<streams).map { together + $0 * size }
                var increments = [Float](repeating: -1, count: streams)
                model.update(&rows, streams: streams, increments: &increments, workspace)
                for s in 0..<streams {
                    single.initialize(from: Array(states[(s * size)..<((s + 1) * size)]), count: size)
                    for f in 0..<architecture.inputSize { alone.input(0)[f] = samples[s * architecture.inputSize + f] }
                    var row = single
                    var increment: Float = -1
                    model.update(&row, streams: 1, increments: &increment, alone)
                    let isEqual = (0..<size).allSatisfy { single[$0].bitPattern == together[s * size + $0].bitPattern } && increment.bitPattern == increments[s].bitPattern
                    #expect(isEqual, "stream \(s) of \(streams), \(architecture), round \(round), seed \(seed)")
                    #expect(increment >= 0 && increment <= 1, "seed \(seed)")
                }
            }
        }
    }
}
