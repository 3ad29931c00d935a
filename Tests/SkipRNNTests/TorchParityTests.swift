import Foundation
import SkipRNN
import Testing

/// `torch.nn.GRU` (reset after) and `nn.LSTM` against ours; the files are made by `Tests/Fixtures/make_torch_vectors.py`.
@Suite("Parity with PyTorch")
struct TorchParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appending(path: "torch")
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".safetensors") }.sorted()

    @Test("the fixtures are there")
    func fixtures() { #expect(Self.files.count == 10) }

    @Test("hidden states and outputs are within 1e-5", arguments: files, Kernels.all)
    func parity(name: String, kernels: Kernels) throws {
        let file = try Safetensors(contentsOf: Self.folder.appending(path: name).path)
        var description = ModelImport.Description()
        description.task = .regression
        let imported = try ModelImport(file, description)
        #expect(imported.file.architecture.gruVariant == .resetAfter)
        #expect(imported.file.architecture.cell == (name.hasPrefix("gru") ? .gru : .lstm))
        #expect(imported.notes.contains("layer 0 has no biases: they are taken as zero") == name.contains("nobias"))
        let model = Model(imported.file, kernels: kernels)
        let shape = try #require(file.entries["input"]?.shape)
        let (batch, timesteps, features) = (shape[0], shape[1], shape[2])
        let input = try #require(file.floats("input"))
        let h = try #require(file.floats("expected/h"))
        let outputs = try #require(file.floats("expected/outputs"))
        let hidden = model.architecture.topHiddenSize
        for row in 0..<batch {
            var inference = Inference(model)
            for t in 0..<timesteps {
                let index = row * timesteps + t
                #expect(inference.step(input[(index * features)..<((index + 1) * features)]) == .updated)
                let worst = zip(inference.hiddenState, h[(index * hidden)...]).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5, "row \(row), timestep \(t)")
            }
            let worst = zip(inference.logits, outputs[(row * model.architecture.outputSize)...]).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-5, "row \(row)")
        }
    }

    @Test("the variants differ: reset before on PyTorch's weights misses its numbers")
    func variantsDiffer() throws {
        let file = try Safetensors(contentsOf: Self.folder.appending(path: "gru_1x5.safetensors").path)
        let imported = try ModelImport(file, .init()).file
        var architecture = imported.architecture
        architecture.gruVariant = .resetBefore
        let model = Model(try ModelFile(architecture, metadata: imported.metadata, tensors: imported.tensors, file: "x"))
        var inference = Inference(model)
        let (input, h) = (try #require(file.floats("input")), try #require(file.floats("expected/h")))
        for t in 0..<20 { _ = inference.step(input[(t * 3)..<((t + 1) * 3)]) }
        #expect((zip(inference.hiddenState, h[(19 * 5)...]).map { abs($0 - $1) }.max() ?? 0) > 1e-3)
    }
}
