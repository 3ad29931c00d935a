import SkipRNN
import SkipRNNTraining
import Testing

@Suite("The paper's tasks")
struct TaskTests {
    @Test("adding: two markers where the paper puts them, and their values' sum")
    func adding() {
        let task = GeneratedTask(.adding(timesteps: 50), batchSize: 256, seed: 3)
        let batch = task.batch(epoch: 0, step: 0)
        #expect(batch.timesteps == 50 && batch.features == 2)
        for row in 0..<batch.count {
            let places = (0..<50).filter { batch.samples[($0 * 256 + row) * 2 + 1] == 1 }
            #expect(places.count == 2 && (0..<5).contains(places[0]) && (25..<50).contains(places[1]))
            let sum = places.reduce(Float(0)) { $0 + batch.samples[($1 * 256 + row) * 2] }
            #expect(batch.targets[row] == sum)
        }
        #expect(task.batch(epoch: 0, step: 0).samples == batch.samples)
        #expect(task.batch(epoch: 0, step: 1).samples != batch.samples)
    }

    @Test("frequency: half of each batch has the target's period", arguments: [(1.0, 100), (0.5, 200)])
    func frequency(period: Double, timesteps: Int) {
        let task = GeneratedTask(.frequency(samplingPeriod: period), batchSize: 256, seed: 3)
        let batch = task.batch(epoch: 2, step: 7)
        #expect(batch.timesteps == timesteps)
        #expect(batch.classes.count { $0 == 0 } == 128)
        // A cosine obeys x(t+1) + x(t−1) = 2 cos(ω) x(t): the angle tells the period.
        for row in 0..<batch.count where batch.classes[row] == 0 {
            func x(_ t: Int) -> Double { Double(batch.samples[t * 256 + row]) }
            let (sum, square) = (1..<(timesteps - 1)).reduce((0.0, 0.0)) { ($0.0 + (x($1 + 1) + x($1 - 1)) * x($1), $0.1 + x($1) * x($1)) }
            let cosine = sum / (2 * square)
            #expect(cosine > cosineOfPeriod(5, period) - 1e-3 && cosine < cosineOfPeriod(6, period) + 1e-3)
        }
    }

    @Test("p_skip lets a plain cell read the share of timesteps it should")
    func skipping() {
        let task = GeneratedTask(.adding(timesteps: 50), batchSize: 256, skipProbability: 0.3, seed: 3)
        let architecture = Architecture(cell: .gru, task: .regression, inputSize: 2, hiddenSizes: [8], outputSize: 1)
        let network = Network(architecture)
        network.update(Parameters(architecture, seed: 1))
        let result = network.run(task.batch(epoch: 0, step: 0), LossOptions())
        #expect(abs(result.updateRate - 0.7) < 0.02)
    }
}

private func cosineOfPeriod(_ period: Double, _ sampling: Double) -> Double {
    // Taylor's series is enough for angles up to 1.3.
    let x = 2 * Double.pi * sampling / period
    var (term, sum) = (1.0, 1.0)
    for k in 1...10 {
        term *= -x * x / Double((2 * k - 1) * (2 * k))
        sum += term
    }
    return sum
}
