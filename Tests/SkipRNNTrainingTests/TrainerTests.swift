import Foundation
import SkipRNN
import SkipRNNTraining
import Testing
import TestSupport

/// A small recording set: two classes of noisy sines, four groups.
func sines(count: Int = 16, length: Int = 40, seed: UInt64 = 5) -> Recordings {
    var random = SplitMix(seed: seed)
    var (samples, lengths, classes, groups): ([Float], [Int], [Int], [Int]) = ([], [], [], [])
    for index in 0..<count {
        let period: Float = index % 2 == 0 ? 6 : 17
        let phase = Float.random(in: 0...6, using: &random)
        let steps = length + index % 5
        for t in 0..<steps {
            samples.append(sin(2 * .pi * Float(t) / period + phase) + Float.random(in: -0.1...0.1, using: &random))
            samples.append(Float.random(in: -1...1, using: &random))
            samples.append(cos(2 * .pi * Float(t) / period + phase))
        }
        lengths.append(steps)
        classes.append(index % 2)
        groups.append(index / 4)
    }
    return Recordings(file: "sines", channels: ["a", "b", "c"], labels: ["fast", "slow"], sampleRate: 50, featureCount: 3, samples: samples, lengths: lengths, classes: classes, groups: groups)
}

@Suite("Trainer")
struct TrainerTests {
    static let architecture = Architecture(cell: .skipGRU, inputSize: 3, hiddenSizes: [12], outputSize: 2)

    static func source(_ recordings: Recordings = sines(), validation: [Int] = [3]) throws -> RecordedBatches {
        var windows = WindowOptions()
        windows.length = 32
        windows.stride = 8
        var augmentation = Augmentation()
        augmentation.rotation = 15
        augmentation.scale = 0.1
        augmentation.noise = 0.05
        augmentation.speed = 0.1
        augmentation.shifts = true
        return try RecordedBatches(recordings, try Split(recordings, validationGroups: validation), windows: windows, augmentation: augmentation, batchSize: 5, seed: 9)
    }

    static var options: TrainingOptions {
        var options = TrainingOptions()
        options.epochs = 4
        options.learningRate = 5e-3
        options.schedule = .cosine
        options.targetUpdateRate = 0.3
        return options
    }

    static func train(_ options: TrainingOptions = options) throws -> Trainer {
        var trainer = Trainer(try source(), Parameters(architecture, seed: options.seed), options)
        _ = try trainer.run { _, _ in .goOn }
        return trainer
    }

    @Test("the same seed gives the same parameters and curves, another seed others")
    func seeds() throws {
        let (first, second) = (try Self.train(), try Self.train())
        // Compared first, so that a failure doesn't print thousands of numbers.
        let isSame = first.state == second.state
        #expect(isSame)
        var other = Self.options
        other.seed = 2
        let differs = try Self.train(other).state.parameters != first.state.parameters
        #expect(differs)
        var single = Self.options
        single.threads = 1
        let isSameOnOneThread = try Self.train(single).state == first.state
        #expect(isSameOnOneThread)
    }

    @Test("a training interrupted at any step goes on to the same state, bit for bit")
    func resume() throws {
        let whole = try Self.train()
        let path = FileManager.default.temporaryDirectory.appending(path: "resume-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let total = whole.state.steps
        for stop in [1, 2, total / 3, total / 2, total - 1] {
            var steps = 0
            var trainer = Trainer(try Self.source(), Parameters(Self.architecture, seed: 1), Self.options)
            let ending = try trainer.run { _, _ in
                steps += 1
                return steps == stop ? .stop : .goOn
            }
            #expect(ending == .stopped)
            try trainer.state.write(to: path, identity: "this")
            let initial = TrainingState(Parameters(Self.architecture, seed: 1), Self.options)
            let state = try TrainingState(contentsOf: path, initial: initial, identity: "this")
            let isRead = state == trainer.state
            #expect(isRead)
            var continued = Trainer(try Self.source(), state: state, Self.options)
            #expect(try continued.run { _, _ in .goOn } == .done)
            let isSame = continued.state == whole.state
            #expect(isSame, "stopped after step \(stop)")
        }
    }

    @Test("a checkpoint of another training is refused in one sentence")
    func otherCheckpoint() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "other-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let initial = TrainingState(Parameters(Self.architecture, seed: 1), Self.options)
        try initial.write(to: path, identity: "one")
        let error = #expect(throws: FileFormatError.self) { try TrainingState(contentsOf: path, initial: initial, identity: "two") }
        #expect(error?.problem.contains("another training") == true)
    }

    @Test("a model learns, is judged as skipd runs it, and reads about as much as wanted")
    func learns() throws {
        var options = Self.options
        options.epochs = 80
        let recordings = sines(count: 40)
        let source = try Self.source(recordings, validation: [3, 4, 5])
        var trainer = Trainer(source, Parameters(Self.architecture, seed: 1), options)
        _ = try trainer.run { _, _ in .goOn }
        var metadata = ModelMetadata()
        metadata.labels = recordings.labels
        let model = Model(try ModelFile(trainer.result, metadata, source.normalization, file: "test"))
        var windows = WindowOptions()
        windows.length = 32
        let evaluation = try Evaluation(model, recordings, source.split.validation, windows)
        #expect(evaluation.accuracy > 0.9)
        #expect(evaluation.updateRate < 0.4)
        let stretched = try Evaluation(model, recordings, source.split.validation, windows, stretch: 4)
        #expect(stretched.updateRate < evaluation.updateRate)

        var report = HTMLReport(title: "a <test>")
        report.addHistory(trainer.state.history, task: .classification)
        report.addEvaluation("held out", evaluation)
        report.addSweep([(1, evaluation), (4, stretched)])
        report.addSamples(model, recordings, source.split.validation, windows)
        #expect(report.page.contains("a &lt;test&gt;"))
        #expect(!report.page.contains("http"), "nothing is fetched")
        // Whose signal it is, what was made of it, the channels by name and the axis in seconds: 32 timesteps at 50 Hz.
        for part in ["● a<", "● b<", "● c<", ">0.6 s<"] { #expect(report.page.contains(part), "\(part)") }
        for (name, other) in [("fast", "slow"), ("slow", "fast")] { #expect(report.page.contains(">\(name), recognised<") || report.page.contains(">\(name), taken for \(other)<")) }
        #expect(!report.page.contains(">4.0<"), "a stretch of 4 is called 4")
        #expect(report.page.contains("readmark") && report.page.contains("polyline") && report.page.contains("prefers-color-scheme"))
    }

    @Test("a report's axis of tiny numbers has short labels")
    func tinyAxis() {
        var report = HTMLReport(title: "tiny")
        let history = [1.1e-5, 2.6e-5, 1.7e-5].map { (cost) -> TrainingState.Epoch in
            var epoch = TrainingState.Epoch()
            epoch.costPerUpdate = cost
            return epoch
        }
        report.addHistory(history, task: .classification)
        #expect(report.page.contains(">1.5e-5<") && report.page.contains(">2.0e-5<") && !report.page.contains("0.00001"), "\(report.page)")
    }

    @Test("early stopping keeps the best epoch and stops after the patience")
    func patience() throws {
        var options = Self.options
        options.epochs = 200
        options.targetUpdateRate = nil
        options.learningRate = 0.05
        options.schedule = .constant
        options.patience = 3
        var trainer = Trainer(try Self.source(), Parameters(Self.architecture, seed: 1), options)
        _ = try trainer.run { _, _ in .goOn }
        #expect(trainer.state.epoch < 200)
        #expect(trainer.state.epoch == trainer.state.bestEpoch + 4)
        let losses = trainer.state.history.compactMap { $0.validation?.loss }
        #expect(losses.indices.min { losses[$0] < losses[$1] } == trainer.state.bestEpoch - 1)
    }

    @Test("memory is linear in timesteps and batch, by the formula of `skipctl train --help`", arguments: [
        (Architecture(cell: .skipGRU, inputSize: 6, hiddenSizes: [48], outputSize: 7), 200, 64, 13),
        (Architecture(cell: .skipGRU, inputSize: 1, hiddenSizes: [110], outputSize: 10), 784, 256, 454),
        (Architecture(cell: .skipLSTM, inputSize: 1, hiddenSizes: [110], outputSize: 10), 784, 256, 634),
    ])
    func memory(architecture: Architecture, timesteps: Int, batch: Int, megabytes: Int) {
        let bytes = Network.memory(architecture, timesteps: timesteps, batch: batch)
        let (k, h) = (architecture.cell.isLSTM ? 7 : 5, (architecture.hiddenSizes[0] + 15) / 16 * 16)
        #expect(bytes == timesteps * batch * (4 * (architecture.inputSize + k * h) + 17))
        #expect(abs(Double(bytes) / 1e6 - Double(megabytes)) < 1, "\(bytes)")
        #expect(Network.memory(architecture, timesteps: 2 * timesteps, batch: 3 * batch) == 6 * bytes)
    }
}
