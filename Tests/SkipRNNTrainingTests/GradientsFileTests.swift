import Foundation
import SkipRNN
import SkipRNNTraining
import Testing
import TestSupport

@Suite("Gradients of whole recordings")
struct GradientsFileTests {
    static func model(_ architecture: Architecture) throws -> ModelFile {
        var random = SplitMix(seed: 11)
        var file = try FiniteDifferenceTests.file(architecture, &random)
        file.tensors["input.mean"] = .init(shape: [3], values: [0.1, -0.2, 0.3])
        file.tensors["input.std"] = .init(shape: [3], values: [0.7, 1.4, 2])
        return file
    }

    @Test("every tensor of the file has its gradient, mean and standard deviation too", arguments: [Architecture.CandidateInput.layer, .raw])
    func slopes(candidateInput: Architecture.CandidateInput) throws {
        let architecture = Architecture(cell: .gru, candidateInput: candidateInput, inputSize: 3, hiddenSizes: [6, 5], outputSize: 2)
        let file = try Self.model(architecture)
        let recordings = sines(count: 20, length: 9)
        let gradients = try Gradients(file, recordings, LossOptions())
        #expect(Set(gradients.tensors.keys) == Set(file.tensors.keys))
        for name in ["input.mean", "input.std", "rnn.bias_ih_l0", "head.weight"] {
            let tensor = try #require(gradients.tensors[name])
            for index in tensor.values.indices.prefix(3) {
                func loss(_ distance: Float) throws -> Double {
                    var moved = file
                    moved.tensors[name]?.values[index] += distance
                    return try Gradients(moved, recordings, LossOptions()).result.loss
                }
                let slope = (try loss(0.01) - (try loss(-0.01))) / 0.02
                #expect(abs(slope - Double(tensor.values[index])) < 2e-4 + 5e-3 * abs(slope), "\(name) \(index)")
            }
        }
    }

    @Test("the budget is λ times the mean number of updates, and its gradient is in the file")
    func budget() throws {
        let file = try Self.model(Architecture(cell: .skipGRU, inputSize: 3, hiddenSizes: [6], outputSize: 2))
        let recordings = sines(count: 20, length: 30)
        let gradients = try Gradients(file, recordings, LossOptions(costPerUpdate: 0.25))
        #expect(abs(gradients.result.budgetLoss - 0.25 * Double(gradients.result.updates) / 20) < 1e-9)
        #expect(gradients.tensors["state_update_gate.bias"]?.values != (try Gradients(file, recordings, LossOptions())).tensors["state_update_gate.bias"]?.values)
        let path = FileManager.default.temporaryDirectory.appending(path: "gradients-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try gradients.write(to: path)
        let written = try Safetensors(contentsOf: path)
        for (name, tensor) in gradients.tensors { #expect(written.floats(name) == tensor.values && written.entries[name]?.shape == tensor.shape) }
    }
}
