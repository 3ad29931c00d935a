import Foundation
import SkipRNN
import SkipRNNTraining
import Testing
import TestSupport

@Suite("Training for a stretch")
struct StretchTests {
    static func file(gateBias: Float, gateWeight: Float, _ cell: Architecture.Cell = .skipGRU) throws -> ModelFile {
        var random = SplitMix(seed: 3)
        var file = try FiniteDifferenceTests.file(Architecture(cell: cell, inputSize: 3, hiddenSizes: [9], outputSize: 4), &random)
        file.tensors["state_update_gate.bias"]?.values = [gateBias]
        file.tensors["state_update_gate.weight"]?.values = (0..<9).map { _ in gateWeight == 0 ? 0 : Float.random(in: -gateWeight...gateWeight, using: &random) }
        return file
    }

    static func run(_ file: ModelFile, _ batch: Batch, trace: UnsafeMutablePointer<BatchTrace>? = nil) -> (BatchResult, Parameters) {
        let parameters = Parameters(file)
        let network = Network(file.architecture)
        network.update(parameters)
        var gradient = parameters.zeros
        let result = network.run(batch, LossOptions(costPerUpdate: 0.05), gradient: &gradient, trace: trace)
        return (result, gradient)
    }

    static func batch(_ architecture: Architecture) -> Batch {
        var random = SplitMix(seed: 8)
        return FiniteDifferenceTests.batch(architecture, lengths: [60, 17, 60, 44, 1], &random)
    }

    @Test("a stretched sequence is read where skipd reads it under the same stretch", arguments: [Architecture.Cell.skipGRU, .skipLSTM])
    func places(cell: Architecture.Cell) throws {
        let file = try Self.file(gateBias: -1.5, gateWeight: 1, cell)
        var batch = Self.batch(file.architecture)
        batch.stretches = [1, 2, 3.7, 8, 1]
        var trace = BatchTrace(count: batch.count)
        let (result, _) = Self.run(file, batch, trace: &trace)
        let model = Model(file)
        for row in 0..<batch.count {
            var inference = Inference(model, options: GateOptions(stretch: batch.stretches[row]))
            let updated = (0..<batch.lengths[row]).map { t in
                inference.step(Array(batch.samples[((t * batch.count + row) * 3)..<((t * batch.count + row) * 3 + 3)])) == .updated
            }
            #expect(trace.updated[row] == updated, "row \(row)")
        }
        let plain = [0, 4].map { row in trace.updated[row].filter { $0 }.count }
        #expect(result.plainUpdates == plain[0] + plain[1] && result.plainTimesteps == 61)
        #expect(result.plainUpdateRate == Double(result.plainUpdates) / 61)
    }

    @Test("a stretch of one changes no bit")
    func one() throws {
        let file = try Self.file(gateBias: -1, gateWeight: 1)
        var batch = Self.batch(file.architecture)
        let (result, gradient) = Self.run(file, batch)
        batch.stretches = [1, 1, 1, 1, 1]
        let (same, sameGradient) = Self.run(file, batch)
        let isSame = same == result && sameGradient == gradient
        #expect(isSame)
    }

    // With w = 0 the increment is σ(b) / κ: the same as with b′ and no stretch, where σ(b′) = σ(b) / κ. All derivatives are
    // equal then, but for the gate's own, which pass σ(b) (1 − σ(b)) / κ in place of σ(b′) (1 − σ(b′)).
    @Test("the gradient under a stretch is the one of the model that needs none", arguments: [Float(1.5), 2, 6])
    func gradient(stretch: Float) throws {
        let bias: Float = -0.7
        let sigmoid = 1 / (1 + exp(-bias))
        let smaller = sigmoid / stretch
        let stretched = try Self.file(gateBias: bias, gateWeight: 0)
        let plain = try Self.file(gateBias: log(smaller / (1 - smaller)), gateWeight: 0)
        var batch = Self.batch(stretched.architecture)
        let (expected, expectedGradient) = Self.run(plain, batch)
        batch.stretches = [Float](repeating: stretch, count: batch.count)
        let (result, gradient) = Self.run(stretched, batch)
        #expect(result.updates == expected.updates && abs(result.loss - expected.loss) < 1e-6)
        for tensor in gradient.tensors {
            let factor: Float = tensor.name.hasPrefix("state_update_gate") ? (1 - sigmoid) / (1 - smaller) : 1
            let (mine, other) = (try #require(gradient[tensor.name]), try #require(expectedGradient[tensor.name]).map { factor * $0 })
            let largest = other.map(abs).max() ?? 0
            #expect(zip(mine, other).allSatisfy { abs($0 - $1) <= 1e-4 * largest + 1e-7 }, "\(tensor.name): \(mine.prefix(3)) \(other.prefix(3))")
        }
        #expect((gradient["state_update_gate.bias"]?.first).map { $0 != 0 } == true)
    }

    @Test("half of the sequences stay as they are, the others' stretch lies within its bound")
    func drawn() throws {
        let recordings = sines(count: 400)
        var augmentation = Augmentation()
        augmentation.stretch = 6
        augmentation.crop = 0.5
        let source = try RecordedBatches(recordings, try Split(recordings), windows: WindowOptions(), augmentation: augmentation, batchSize: 400, seed: 1)
        let batch = source.batch(epoch: 0, step: 0)
        #expect((160...240).contains(batch.stretches.filter { $0 == 1 }.count))
        #expect(batch.stretches.allSatisfy { (1...6).contains($0) } && batch.stretches.contains { $0 > 4 })
        #expect(batch.lengths.allSatisfy { (20...44).contains($0) } && batch.lengths.contains { $0 < 25 } && batch.lengths.contains { $0 > 38 })
        #expect(source.batch(epoch: 1, step: 0).stretches != batch.stretches)
    }

    @Test("a mirrored sequence has the signs of the given channels changed, the others as they were; half are mirrored")
    func mirror() throws {
        let recordings = sines(count: 400)
        var augmentation = Augmentation()
        func batch() throws -> Batch {
            try RecordedBatches(recordings, try Split(recordings), windows: WindowOptions(), augmentation: augmentation, batchSize: 400, normalization: .dividing(by: 1, features: 3), seed: 1).batch(epoch: 0, step: 0)
        }
        let plain = try batch()
        augmentation.mirrored = [0, 2]
        let mirrored = try batch()
        var count = 0
        for row in 0..<400 {
            let sign: Float = mirrored.samples[row * 3] == plain.samples[row * 3] ? 1 : -1
            if sign < 0 { count += 1 }
            for t in 0..<40 {
                let place = (t * 400 + row) * 3
                let isAsExpected = mirrored.samples[place] == sign * plain.samples[place] && mirrored.samples[place + 1] == plain.samples[place + 1] && mirrored.samples[place + 2] == sign * plain.samples[place + 2]
                if !isAsExpected { Issue.record("row \(row), timestep \(t)") }
            }
        }
        #expect((150...250).contains(count))
    }

    @Test("training begins near the update rate that was asked for", arguments: [0.5, 0.2, 0.1, 0.05])
    func beginning(rate: Double) throws {
        let architecture = Architecture(cell: .skipGRU, inputSize: 3, hiddenSizes: [24], outputSize: 4)
        var rates = 0.0
        for seed in 0..<20 as Range<UInt64> {
            let parameters = Parameters(architecture, seed: seed, updateRate: rate)
            let network = Network(architecture)
            network.update(parameters)
            var random = SplitMix(seed: seed)
            rates += network.run(FiniteDifferenceTests.batch(architecture, lengths: [300, 300], &random), LossOptions()).updateRate / 20
        }
        #expect((0.6 * rate...1.7 * rate).contains(rates), "\(rates)")
    }

    @Test("weight decay shrinks weights, and neither biases nor the initial state")
    func decay() throws {
        var options = TrainerTests.options
        options.weightDecay = 5
        let plain = try TrainerTests.train(), decayed = try TrainerTests.train(options)
        func norm(_ trainer: Trainer, _ name: String) -> Float { (trainer.state.parameters[name] ?? []).reduce(0) { $0 + $1 * $1 } }
        #expect(norm(decayed, "rnn.weight_hh_l0") < 0.8 * norm(plain, "rnn.weight_hh_l0"))
        #expect(norm(decayed, "initial_state.h_l0") > 0.9 * norm(plain, "initial_state.h_l0"))
    }
}
