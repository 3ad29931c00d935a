import CAllocationCounter
import SkipRNN
import Testing
import TestSupport

/// A Boolean value indicating whether this is a release build.
private let isOptimized: Bool = {
    var isOptimized = true
    assert({ isOptimized = false; return true }())
    return isOptimized
}()

@Suite("Updates allocate nothing")
struct AllocationTests {
    @Test("neither an update, nor its normalisation, nor its outputs allocate, for any cell", .enabled(if: isOptimized, "unoptimized code boxes what it hands to closures"), arguments: Architecture.Cell.allCases)
    func update(cell: Architecture.Cell) throws {
        var generator = SplitMix(seed: 51)
        for variant in Architecture.GRUVariant.allCases {
            for layers in [[16], [20, 7]] {
                let architecture = Architecture(cell: cell, gruVariant: variant, layerNorm: layers.count > 1, inputSize: 6, hiddenSizes: layers, outputSize: 7)
                let model = Model(try RandomModel.file(architecture, &generator))
                let workspace = Workspace(for: model, streams: 4)
                let size = architecture.stateSize
                var states = (0..<4).flatMap { _ in model.initialState }
                var increments = [Float](repeating: 0, count: 4)
                var logits = [Float](repeating: 0, count: model.logitsCapacity)
                let count = states.withUnsafeMutableBufferPointer { states -> UInt in
                    var rows = (0..<4).map { states.baseAddress! + $0 * size }
                    let before = allocation_count()
                    for timestep in 0..<50 {
                        for s in 0..<4 {
                            for f in 0..<6 { workspace.input(s)[f] = Float(timestep * f - s) / 100 }
                            guard model.normalize(workspace.input(s)) else { return .max }
                        }
                        model.update(&rows, streams: 4, increments: &increments, workspace)
                        model.computeLogits(rows[0], into: &logits)
                        logits.withUnsafeMutableBufferPointer { softmax($0) }
                    }
                    return allocation_count() - before
                }
                #expect(count == 0 || !allocation_counting(), "\(variant), \(layers)")
            }
        }
    }
}
