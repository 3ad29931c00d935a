import CSkipKernels
import Testing
import TestSupport

@Suite("A GRU's step")
struct GRUStepTests {
    /// A layer of made-up weights, and the states and timesteps of several streams.
    private struct Layer {
        let features: Int, hidden: Int
        let gates: [Float], gatesBias: [Float], candidate: [Float], candidateBias: [Float]
        let states: [[Float]], timesteps: [[Float]]
        /// The state update gate's weight.
        let gate: [Float]
        var blocks: Int { (hidden + Int(SKIP_ROWS) - 1) / Int(SKIP_ROWS) }
        /// The states begin so far into a stream's state.
        static let offset = 3

        init(features: Int, hidden: Int, streams: Int, _ generator: inout SplitMix) {
            self.features = features
            self.hidden = hidden
            let padded = (hidden + Int(SKIP_ROWS) - 1) / Int(SKIP_ROWS) * Int(SKIP_ROWS)
            let bound = 2 / Float(features + hidden).squareRoot()
            gates = generator.floats(2 * padded * (features + hidden), in: -bound...bound)
            gatesBias = generator.floats(2 * padded)
            candidate = generator.floats(padded * (features + hidden), in: -bound...bound)
            candidateBias = generator.floats(padded)
            states = (0..<streams).map { _ in generator.floats(hidden + Self.offset) }
            timesteps = (0..<streams).map { _ in generator.floats(features, in: -2...2) }
            gate = generator.floats(hidden)
        }

        /// The new states of some of the streams, computed together, with memory that may not be touched behind each, and the gate's products with them.
        func step(_ variant: Variant, _ chosen: Range<Int>) -> (states: [[Float]], products: [Float], intact: Bool) {
            let padded = blocks * Int(SKIP_ROWS)
            let (width, rows) = (features + padded, 3 * padded)
            let guarded = states[chosen].map(GuardedFloats.init)
            let inputs = GuardedFloats(timesteps[chosen].flatMap { $0 + [Float](repeating: .nan, count: padded) })
            let products = GuardedFloats([Float](repeating: .nan, count: chosen.count))
            let work = GuardedFloats([Float](repeating: .nan, count: chosen.count * rows))
            let addresses: [UnsafeMutablePointer<Float>?] = guarded.map(\.pointer)
            gates.withUnsafeBufferPointer { gates in
                candidate.withUnsafeBufferPointer { candidate in
                    gatesBias.withUnsafeBufferPointer { gatesBias in
                        candidateBias.withUnsafeBufferPointer { candidateBias in
                            var layer = skip_gru(
                                features: features, hidden: hidden, blocks: blocks, offset: Self.offset, gates: gates.baseAddress, gates_bias: gatesBias.baseAddress,
                                candidate: candidate.baseAddress, candidate_bias: candidateBias.baseAddress)
                            variant.kernels.gru(&layer, 1, addresses, chosen.count, inputs.pointer, width, work.pointer, rows, gate, products.pointer)
                        }
                    }
                }
            }
            return (guarded.map(\.values), products.values, (guarded + [inputs, work, products]).allSatisfy(\.isIntact))
        }
    }

    private static let sizes = [1, 4, 15, 16, 17, 31, 40, 48, 49, 64, 90, 110, 128, 160, 170]

    @Test("a step of any size stays within its bounds and near the scalar one", arguments: Variant.all, sizes)
    func nearScalar(variant: Variant, hidden: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        for features in [1, 6, 19] {
            let layer = Layer(features: features, hidden: hidden, streams: 1, &generator)
            let (states, products, intact) = layer.step(variant, 0..<1)
            let scalar = layer.step(.scalar, 0..<1).states
            #expect(intact, "F \(features), seed \(seed)")
            #expect(Array(states[0].prefix(Layer.offset)) == Array(layer.states[0].prefix(Layer.offset)), "another layer's state was touched, seed \(seed)")
            #expect(products == [variant.kernels.dot(layer.gate, Array(states[0].dropFirst(Layer.offset)), hidden)], "F \(features), seed \(seed)")
            for (value, expected) in zip(states[0], scalar[0]) { #expect(abs(value - expected) <= 1e-6, "F \(features), seed \(seed)") }
        }
    }

    @Test("a stream's step is the same to the last bit alone and in company", arguments: Variant.all, sizes)
    func company(variant: Variant, hidden: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(seed: seed)
        let layer = Layer(features: 6, hidden: hidden, streams: 11, &generator)
        let steps = (0..<11).map { layer.step(variant, $0..<($0 + 1)) }
        let (alone, products) = (steps.map { $0.states[0].map(\.bitPattern) }, steps.map { $0.products[0].bitPattern })
        for streams in 2...11 {
            let together = layer.step(variant, 0..<streams)
            #expect(together.states.map { $0.map(\.bitPattern) } == Array(alone[..<streams]), "\(streams) streams, seed \(seed)")
            #expect(together.products.map(\.bitPattern) == Array(products[..<streams]), "\(streams) streams, seed \(seed)")
        }
    }
}
