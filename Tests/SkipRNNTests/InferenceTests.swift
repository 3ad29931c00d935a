import SkipRNN
import Testing
import TestSupport

@Suite("Inference, timestep by timestep")
struct InferenceTests {
    private func model(seed: UInt64, bias: Float? = nil, weight: Float? = nil, maxSkip: Int? = nil, cell: Architecture.Cell = .skipGRU) throws -> Model {
        var generator = SplitMix(seed: seed)
        let architecture = Architecture(cell: cell, gruVariant: .resetBefore, inputSize: 3, hiddenSizes: [8], outputSize: 2)
        var file = try RandomModel.file(architecture, &generator, maxSkip: maxSkip)
        if let bias { file.tensors["state_update_gate.bias"]?.values = [bias] }
        if let weight { file.tensors["state_update_gate.weight"]?.values = [Float](repeating: weight, count: 8) }
        return Model(file)
    }

    private let sample: [Float] = [0.5, -1, 2]

    @Test("the first timestep updates, and a gate without weights then updates every k-th", arguments: [(Float(100), 1), (0, 2), (-0.7, 2), (-2, 5)])
    func period(bias: Float, expected: Int) throws {
        var inference = Inference(try model(seed: 1, bias: bias, weight: 0))
        let outcomes = (0..<20).map { _ in inference.step(sample) }
        // Δũ = σ(b): a tie at exactly one half (b = 0) copies the state.
        for (t, outcome) in outcomes.enumerated() { #expect((outcome == .updated) == (t % expected == 0), "timestep \(t)") }
    }

    @Test("a skipped timestep leaves the state as it is, to the bit, and isn't looked at")
    func skipping() throws {
        let model = try model(seed: 2, bias: -2, weight: 0)
        var (clean, dirty) = (Inference(model), Inference(model))
        for t in 0..<25 {
            let isDue = clean.gate.isUpdateDue
            let before = clean.state
            #expect(clean.step(sample) == (isDue ? .updated : .skipped))
            #expect(dirty.step(isDue ? sample : [.nan, .infinity, -.infinity]) == (isDue ? .updated : .skipped), "timestep \(t)")
            if !isDue { #expect(clean.state == before, "timestep \(t)") }
            #expect(clean.state == dirty.state && clean.gate == dirty.gate, "timestep \(t)")
        }
    }

    @Test("a value that is not finite at an update is rejected, and the update stays due", arguments: [Float.nan, .infinity, -.infinity])
    func rejection(value: Float) throws {
        let model = try model(seed: 3, bias: -2, weight: 0)
        var inference = Inference(model)
        for position in 0..<3 {
            var bad = sample
            bad[position] = value
            #expect(inference.step(bad) == .rejected)
            #expect(inference.state == model.initialState && inference.gate == .start)
        }
        #expect(inference.step(sample) == .updated)
        for _ in 0..<4 { #expect(inference.step(sample) == .skipped) }
        let (state, gate) = (inference.state, inference.gate)
        for _ in 0..<3 { #expect(inference.step([value, 0, 0]) == .rejected) }
        #expect(inference.state == state && inference.gate == gate)
        var straight = Inference(model)
        for _ in 0..<6 { _ = straight.step(sample) }
        #expect(inference.step(sample) == .updated)
        #expect(inference.state == straight.state, "the update is the one that was due")
    }

    @Test("a value that overflows in normalisation is rejected as well")
    func overflow() throws {
        var generator = SplitMix(seed: 4)
        var file = try RandomModel.file(Architecture(cell: .gru, inputSize: 1, hiddenSizes: [2], outputSize: 1), &generator)
        file.tensors["input.mean"] = ModelFile.Tensor(shape: [1], values: [0])
        file.tensors["input.std"] = ModelFile.Tensor(shape: [1], values: [0x1p-20])
        var inference = Inference(Model(file))
        #expect(inference.step([.greatestFiniteMagnitude]) == .rejected)
        #expect(inference.step([1]) == .updated)
    }

    @Test("max_skip forces an update after so many skipped timesteps; options override the model's")
    func maxSkip() throws {
        let never = try model(seed: 5, bias: -100, weight: 0)
        var inference = Inference(never)
        #expect((0..<1000).filter { _ in inference.step(sample) == .updated }.count == 1, "without a bound it never updates again")
        for bound in [1, 2, 7] {
            for (model, options) in [(try model(seed: 5, bias: -100, weight: 0, maxSkip: bound), nil), (try self.model(seed: 5, bias: -100, weight: 0, maxSkip: 3), GateOptions(maxSkip: bound))] as [(Model, GateOptions?)] {
                var inference = Inference(model, options: options)
                for t in 0..<50 { #expect((inference.step(sample) == .updated) == (t % (bound + 1) == 0), "max_skip \(bound), timestep \(t)") }
            }
        }
    }

    @Test("a bound longer than the gate's own wait changes nothing")
    func looseBound() throws {
        let model = try model(seed: 6, bias: -2, weight: 0)
        var (free, bound) = (Inference(model), Inference(model, options: GateOptions(maxSkip: 4)))
        for _ in 0..<40 {
            #expect(free.step(sample) == bound.step(sample))
            #expect(free.gate == bound.gate)
        }
    }

    @Test("a stretch divides the increment; a stretch of one changes no bit")
    func stretch() throws {
        let model = try model(seed: 7, bias: -2, weight: 0)
        var (plain, one, four) = (Inference(model), Inference(model, options: GateOptions(stretch: 1)), Inference(model, options: GateOptions(stretch: 4)))
        var updates = 0
        for _ in 0..<100 {
            #expect(plain.step(sample) == one.step(sample))
            #expect(plain.gate == one.gate && plain.state == one.state)
            if four.step(sample) == .updated { updates += 1 }
        }
        // σ(−2) = 0.1192: every 5th timestep; a quarter of it: every 17th.
        #expect(updates == 6)
        #expect(GateOptions(stretch: 4).stretched(0.5) == 0.125)
    }

    @Test("cells without a gate read every timestep, whatever the stretch", arguments: [Architecture.Cell.gru, .lstm], [1, 100] as [Float])
    func baselines(cell: Architecture.Cell, stretch: Float) throws {
        var inference = Inference(try model(seed: 8, cell: cell), options: GateOptions(stretch: stretch))
        for _ in 0..<10 { #expect(inference.step(sample) == .updated) }
        #expect(inference.gate == .start)
    }

    @Test("a countdown, passed in one go, comes to the same as stepping, with and without a bound")
    func eventDriven() throws {
        var generator = SplitMix(seed: 9)
        for round in 0..<40 {
            let architecture = RandomModel.architecture(&generator)
            let model = Model(try RandomModel.file(architecture, &generator, maxSkip: [nil, 1, 5, 30].randomElement(using: &generator) ?? nil))
            let options = model.gateOptions(stretch: [1, 1, 2.5].randomElement(using: &generator) ?? 1)
            let samples = RandomModel.timesteps(120, features: architecture.inputSize, &generator)
            var inference = Inference(model, options: options)
            let updates = (0..<120).filter { inference.step(samples[($0 * architecture.inputSize)..<(($0 + 1) * architecture.inputSize)]) == .updated }

            let workspace = Workspace(for: model, streams: 1)
            var (state, next, found) = (model.initialState, 0, [Int]())
            while next < 120 {
                for feature in 0..<architecture.inputSize { workspace.input(0)[feature] = samples[next * architecture.inputSize + feature] }
                #expect(model.normalize(workspace.input(0)))
                var increment: Float = 0
                state.withUnsafeMutableBufferPointer { state in
                    var address = state.baseAddress!
                    model.update(&address, streams: 1, increments: &increment, workspace)
                }
                found.append(next)
                var gate = GateState.start
                gate.update(increment: options.stretched(increment))
                next += options.timestepsUntilUpdate(gate).map { Int(min($0, 120)) } ?? 120
            }
            #expect(found == updates, "round \(round), seed 9: \(architecture)")
            #expect(state == inference.state, "round \(round), seed 9: \(architecture)")
        }
    }

    @Test("probabilities are the softmax of the logits and add up to one")
    func probabilities() throws {
        var inference = Inference(try model(seed: 10))
        _ = inference.step(sample)
        let probabilities = inference.probabilities
        #expect(inference.logits.count == 2 && probabilities.count == 2)
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
        #expect((probabilities[0] > probabilities[1]) == (inference.logits[0] > inference.logits[1]))
        var large: [Float] = [1000, 1001, -1000]
        large.withUnsafeMutableBufferPointer { softmax($0) }
        #expect(abs(large[1] - 0.7310586) < 1e-6 && large[2] == 0, "large logits don't overflow")
    }
}
