import SkipRNN
import SkipStream
import Testing

@Suite("What bounds a stream's updates")
struct StretchTests {
    @Test("a stretch does nothing to cells without a gate: they read every timestep", arguments: [Architecture.Cell.gru, .lstm])
    func noGate(cell: Architecture.Cell) {
        var generator = SplitMix(seed: 3)
        var station = Station(TestModels.make(&generator, cell: cell, features: 2)) { $0.stretch = 50 }
        for seq in 0..<20 { #expect(station.send(UInt64(seq)).short == ["\(seq)"]) }
    }
}
