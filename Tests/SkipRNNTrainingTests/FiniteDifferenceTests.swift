import SkipRNN
import SkipRNNTraining
import Testing
import TestSupport

@Suite("Gradients against finite differences")
struct FiniteDifferenceTests {
    /// Every way a plain cell can be built; cells with a gate have no derivative where it switches, the golden files check those.
    static let architectures: [Architecture] = [
        Architecture(cell: .gru, gruVariant: .resetBefore, inputSize: 3, hiddenSizes: [5], outputSize: 4),
        Architecture(cell: .gru, gruVariant: .resetAfter, inputSize: 3, hiddenSizes: [5], outputSize: 4),
        Architecture(cell: .gru, gruVariant: .resetAfter, layerNorm: true, inputSize: 3, hiddenSizes: [5, 17], outputSize: 4),
        Architecture(cell: .gru, gruVariant: .resetBefore, candidateInput: .raw, inputSize: 3, hiddenSizes: [18, 5, 4], outputSize: 4),
        Architecture(cell: .gru, gruVariant: .resetAfter, candidateInput: .raw, inputSize: 2, hiddenSizes: [6, 5], outputSize: 4),
        Architecture(cell: .gru, gruVariant: .resetBefore, layerNorm: true, task: .regression, inputSize: 3, hiddenSizes: [5, 6], outputSize: 2),
        Architecture(cell: .lstm, inputSize: 3, hiddenSizes: [5], outputSize: 4),
        Architecture(cell: .lstm, layerNorm: true, inputSize: 1, hiddenSizes: [20, 5], outputSize: 4),
        Architecture(cell: .lstm, task: .regression, inputSize: 3, hiddenSizes: [5, 6], outputSize: 1),
    ]

    static func file(_ architecture: Architecture, _ random: inout SplitMix) throws -> ModelFile {
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in architecture.parameters where !parameter.name.hasPrefix("input.") {
            let values = (0..<parameter.shape.reduce(1, *)).map { _ in Float.random(in: -0.6...0.6, using: &random) }
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: values)
        }
        var metadata = ModelMetadata()
        if architecture.task == .classification { metadata.labels = (0..<architecture.outputSize).map { "\($0)" } }
        return try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "random")
    }

    static func batch(_ architecture: Architecture, lengths: [Int], _ random: inout SplitMix) -> Batch {
        var batch = Batch(lengths.map { length in
            (0..<(length * architecture.inputSize)).map { _ in Float.random(in: -1...1, using: &random) }[...]
        }, features: architecture.inputSize)
        if architecture.task == .classification {
            batch.classes = lengths.map { _ in Int.random(in: 0..<architecture.outputSize, using: &random) }
        } else {
            batch.targets = (0..<(lengths.count * architecture.outputSize)).map { _ in Float.random(in: -1...1, using: &random) }
        }
        return batch
    }

    @Test("a plain cell's gradient is the loss's slope in any direction", arguments: architectures, LossPlace.allCases)
    func slope(architecture: Architecture, place: LossPlace) throws {
        let seed: UInt64 = 20_261_123
        var random = SplitMix(seed: seed)
        let parameters = Parameters(try Self.file(architecture, &random))
        var batch = Self.batch(architecture, lengths: [9, 3, 12, 1, 7], &random)
        batch.forcedUpdates = (0..<(batch.timesteps * batch.count)).map { $0 < batch.count ? 1 : UInt8.random(in: 0...1, using: &random) }
        let network = Network(architecture)
        network.update(parameters)
        var gradient = parameters.zeros
        _ = network.run(batch, LossOptions(place: place), gradient: &gradient)

        for tensor in parameters.tensors {
            let range = try #require(parameters.ranges[tensor.name])
            let direction = range.map { _ in Float.random(in: -1...1, using: &random) }
            func loss(_ distance: Float) -> Double {
                var moved = parameters
                for (index, place) in range.enumerated() { moved.values[place] += distance * direction[index] }
                network.update(moved)
                return network.run(batch, LossOptions(place: place)).loss
            }
            // Richardson's combination of two central differences: the third derivative's error cancels.
            let (wide, narrow) = ((loss(0.02) - loss(-0.02)) / 0.04, (loss(0.01) - loss(-0.01)) / 0.02)
            let slope = (4 * narrow - wide) / 3
            let computed = zip(range, direction).reduce(0.0) { $0 + Double(gradient.values[$1.0]) * Double($1.1) }
            #expect(abs(slope - computed) < 2e-4 + 2e-3 * abs(slope), "\(tensor.name), seed \(seed): \(slope) measured, \(computed) computed")
        }
    }

    @Test("a batch of unequal lengths is the mean of its sequences alone", arguments: [Architecture.Cell.skipGRU, .skipLSTM], LossPlace.allCases)
    func masks(cell: Architecture.Cell, place: LossPlace) throws {
        let seed: UInt64 = 7
        var random = SplitMix(seed: seed)
        let architecture = Architecture(cell: cell, inputSize: 3, hiddenSizes: [6, 5], outputSize: 4)
        let parameters = Parameters(try Self.file(architecture, &random))
        let lengths = [14, 2, 9, 1, 20]
        let batch = Self.batch(architecture, lengths: lengths, &random)
        let options = LossOptions(costPerUpdate: 0.05, place: place)
        let network = Network(architecture)
        network.update(parameters)
        var together = parameters.zeros
        let result = network.run(batch, options, gradient: &together)

        var apart = parameters.zeros
        var loss = 0.0
        for row in lengths.indices {
            var alone = Batch([(0..<lengths[row]).flatMap { t in (0..<3).map { batch.samples[(t * batch.count + row) * 3 + $0] } }[...]], features: 3)
            alone.classes = [batch.classes[row]]
            loss += network.run(alone, options, gradient: &apart).loss / Double(lengths.count)
        }
        #expect(abs(result.loss - loss) < 1e-5)
        for tensor in parameters.tensors {
            let (a, b) = (try #require(together[tensor.name]), try #require(apart[tensor.name]).map { $0 / Float(lengths.count) })
            let largest = b.map(abs).max() ?? 0
            #expect((zip(a, b).map { abs($0 - $1) }.max() ?? .infinity) <= 1e-5 + 1e-4 * largest, "\(tensor.name), seed \(seed)")
        }
    }

    @Test("the number of threads changes no bit")
    func threads() throws {
        var random = SplitMix(seed: 3)
        let architecture = Architecture(cell: .skipGRU, inputSize: 3, hiddenSizes: [20], outputSize: 4)
        let parameters = Parameters(try Self.file(architecture, &random))
        let batch = Self.batch(architecture, lengths: (0..<33).map { _ in 40 }, &random)
        let network = Network(architecture)
        network.update(parameters)
        var gradients = [parameters.zeros, parameters.zeros]
        for threads in 1...2 { _ = network.run(batch, LossOptions(costPerUpdate: 0.01), gradient: &gradients[threads - 1], threads: threads) }
        #expect(gradients[0] == gradients[1])
    }
}
