import SkipRNN
import SkipRNNTraining
import Testing

@Suite("Parity with the authors' training")
struct GoldenGradientTests {
    /// λ of the files with a gate, from the manifest.
    static let costPerUpdate: Float = 0.02

    static func batch(_ file: Safetensors) throws -> Batch {
        let shape = try #require(file.entries["input"]?.shape)
        let input = try #require(file.floats("input"))
        let length = shape[1] * shape[2]
        var batch = Batch((0..<shape[0]).map { input[($0 * length)..<(($0 + 1) * length)] }, features: shape[2])
        batch.classes = try #require(file.integers("label"))
        return batch
    }

    /// The forget bias of 1 that importing adds to a value must not be added to a derivative.
    static func withoutForgetBias(_ values: [Float], _ name: String, _ architecture: Architecture) -> [Float] {
        guard architecture.cell.isLSTM, name.hasPrefix(architecture.layerNorm ? "rnn.norm_bias" : "rnn.bias_ih") else { return values }
        let h = values.count / 4
        return values.enumerated().map { (h..<(2 * h)).contains($0) ? $1 - 1 : $1 }
    }

    @Test("losses, gates and every gradient are the authors' within 1e-4 of each tensor's maximum", arguments: Golden.files("grad"))
    func gradients(name: String) throws {
        let file = try Golden.open(name)
        let parameters = Parameters(try Golden.model(file, under: "weight/"))
        let network = Network(parameters.architecture)
        network.update(parameters)
        let batch = try Self.batch(file)
        var gradient = parameters.zeros
        var trace = BatchTrace(count: batch.count)
        let cost = parameters.architecture.cell.hasStateUpdateGate ? Self.costPerUpdate : 0
        let result = network.run(batch, LossOptions(costPerUpdate: cost), gradient: &gradient, trace: &trace)

        #expect(abs(result.taskLoss - Double(try #require(file.floats("expected/cross_entropy"))[0])) < 1e-5)
        #expect(abs(result.budgetLoss - Double(try #require(file.floats("expected/budget_loss"))[0])) < 1e-6)
        if let gates = file.floats("expected/gate") {
            #expect(trace.updated.flatMap { $0 } == gates.map { $0 == 1 })
        }
        let expected = try Golden.model(file, under: "grad/")
        #expect(Set(expected.tensors.keys) == Set(parameters.tensors.map(\.name)))
        for (tensorName, tensor) in expected.tensors {
            let values = Self.withoutForgetBias(tensor.values, tensorName, parameters.architecture)
            let largest = values.map(abs).max() ?? 0
            let worst = zip(values, try #require(gradient[tensorName])).map { abs($0 - $1) }.max() ?? .infinity
            // Behind a layer norm a bias has no effect: its derivative is rounding, here and there.
            #expect(worst <= 1e-4 * largest || worst < 1e-7, "\(tensorName): \(worst) of \(largest)")
        }
    }

    @Test("ten steps of Adam end within 1e-4 of the authors' weights", arguments: Golden.files("train"))
    func training(name: String) throws {
        let file = try Golden.open(name)
        var parameters = Parameters(try Golden.model(file, under: "weight/"))
        let network = Network(parameters.architecture)
        let batch = try Self.batch(file)
        let gates = try #require(file.floats("expected/gate_per_step"))
        var adam = Adam(count: parameters.values.count, learningRate: 0.01, clip: 1)
        for step in 0..<10 {
            network.update(parameters)
            var gradient = parameters.zeros
            var trace = BatchTrace(count: batch.count)
            let result = network.run(batch, LossOptions(costPerUpdate: Self.costPerUpdate), gradient: &gradient, trace: &trace)
            #expect(abs(result.loss - Double(try #require(file.floats("expected/loss_per_step"))[step])) < 1e-4)
            let count = gates.count / 10
            #expect(trace.updated.flatMap { $0 } == gates[(step * count)..<((step + 1) * count)].map { $0 == 1 }, "gates of step \(step)")
            let norm = adam.step(&parameters.values, gradient: gradient.values)
            #expect(abs(norm - Double(try #require(file.floats("expected/grad_global_norm_per_step"))[step])) < 1e-4 * max(1, norm))
        }
        let expected = try Golden.model(file, under: "expected/weight_after/")
        for (tensorName, tensor) in expected.tensors {
            let worst = zip(tensor.values, try #require(parameters[tensorName])).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-4, "\(tensorName): \(worst)")
        }
    }
}
