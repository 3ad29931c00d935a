import SkipRNN
import Testing

@Suite("Parity with the authors' cells")
struct GoldenForwardTests {
    @Test("gates are exact, hidden states and probabilities within 1e-5", arguments: Golden.files(["forward", "edge", "grad"]), Kernels.all)
    func forward(name: String, kernels: Kernels) throws {
        let file = try Golden.open(name)
        let imported = try ModelImport(file, .init())
        let model = Model(imported.file, kernels: kernels)
        let shape = try #require(file.entries["input"]?.shape)
        let (batch, timesteps, features) = (shape[0], shape[1], shape[2])
        let input = try #require(file.floats("input"))
        let h = try #require(file.floats("expected/h"))
        let hidden = h.count / (batch * timesteps)
        let isSkip = model.architecture.cell.hasStateUpdateGate
        let top = model.architecture.layerCount
        func start(_ part: String) -> [Float]? { file.floats("initial_state/\(part)") ?? file.floats("initial_state/layer_\(top)/\(part)") }

        for row in 0..<batch {
            var gate = GateState.start
            if isSkip {
                gate = GateState(
                    updateProbabilityIncrement: try #require(start("update_prob"))[row],
                    cumulativeUpdateProbability: try #require(start("cum_update_prob"))[row])
            }
            var inference = Inference(model, gate: gate)
            for t in 0..<timesteps {
                let index = row * timesteps + t
                let outcome = inference.step(input[(index * features)..<((index + 1) * features)])
                if isSkip {
                    #expect((outcome == .updated) == (try #require(file.floats("expected/gate"))[index] == 1), "gate of row \(row) at timestep \(t)")
                    #expect(abs(inference.gate.updateProbabilityIncrement - (try #require(file.floats("expected/update_prob"))[index])) <= 1e-5)
                    #expect(abs(inference.gate.cumulativeUpdateProbability - (try #require(file.floats("expected/cum_update_prob"))[index])) <= 1e-5)
                }
                let worst = zip(inference.hiddenState, h[(index * hidden)..<((index + 1) * hidden)]).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5, "hidden state of row \(row) at timestep \(t)")
            }
        }
    }
}
