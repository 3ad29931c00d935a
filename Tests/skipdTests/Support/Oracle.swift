import Foundation
import SkipRNN

/// What skipd must publish for a stream, found out the plain way: every timestep fed to the cell, one by one.
struct Oracle {
    enum Rule { case update, change(minimum: Float, hold: Int), end, every(Int) }

    let model: Model
    var rule = Rule.update
    var wantsProbabilities = false
    /// The time of timestep 0 in nanoseconds since the Unix epoch; the model's sample rate gives the others.
    var firstTime: Int64 = 0
    /// Timesteps of a sequence; the model's by default, 0 for endless.
    var sequence: Int?

    /// The timesteps that were read, in order.
    private(set) var read: [Int] = []
    private(set) var results: [Result] = []

    init(_ model: Model) { self.model = model }

    /// The nanoseconds between timesteps.
    var interval: Int64 { Int64((1e9 / (model.metadata.sampleRate ?? 1)).rounded()) }

    /// Runs a stream's timesteps, (T, F), numbered from `first`.
    mutating func run(_ values: [Float], stream: String, first: Int = 0) {
        let features = model.architecture.inputSize
        let length = sequence ?? model.metadata.sequenceLength ?? 0
        var inference = Inference(model)
        var (updates, sequenceStart, lastRead) = (0, first, first)
        var (published, candidate, streak) = (-1, -1, 0)
        for index in 0..<(values.count / features) {
            let timestep = first + index
            let isUpdate = inference.step(values[(index * features)..<((index + 1) * features)]) == .updated
            if isUpdate {
                updates += 1
                lastRead = timestep
                read.append(timestep)
            }
            let passed = timestep + 1 - sequenceStart
            let isFinal = passed == length
            let best = Self.best(inference.probabilities)
            var publishes = isFinal
            switch rule {
            case .update: publishes = publishes || isUpdate
            case .end: break
            case .every(let count): publishes = publishes || passed % count == 0
            case .change(let minimum, let hold):
                if isUpdate {
                    if best != published, inference.probabilities[best] >= minimum {
                        streak = best == candidate ? streak + 1 : 1
                        candidate = best
                        publishes = publishes || streak >= hold
                    } else {
                        streak = 0
                    }
                }
            }
            if publishes {
                published = best
                streak = 0
                results.append(Result(
                    stream: stream, model: "watch", n: results.count + 1, seq: timestep, time: Self.time(firstTime + Int64(lastRead) * interval),
                    label: model.metadata.labels[best], index: best, p: inference.probabilities[best],
                    probs: wantsProbabilities ? inference.probabilities : nil, updates: updates, timesteps: passed, final: isFinal ? true : nil))
            }
            if isFinal {
                inference = Inference(model)
                (updates, sequenceStart, streak, candidate) = (0, timestep + 1, 0, -1)
            }
        }
    }

    private static func best(_ probabilities: [Float]) -> Int {
        var best = 0
        for index in probabilities.indices where probabilities[index] > probabilities[best] { best = index }
        return best
    }

    private static func time(_ nanoseconds: Int64) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
        let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(nanoseconds / 1_000_000_000)))
        return text + String(format: ".%09dZ", Int(nanoseconds % 1_000_000_000))
    }
}

/// The bundled model and recordings.
enum Bundled {
    static let model: Model = { try! Model(ModelFile(contentsOf: Files.model)) }()
    static let recordings: Recordings = { try! Recordings(contentsOf: Files.recordings) }()

    /// A recording's timesteps, (T, F).
    static func recording(_ index: Int) -> [Float] { recordings.ranges[index].flatMap { recordings.timestep($0) } }
}

extension Bundled {
    /// The bundled model with other weights, as a file in a folder.
    static func changedModel(in folder: String) throws -> (path: String, model: Model) {
        var file = try ModelFile(contentsOf: Files.model)
        for name in file.tensors.keys where name == "head.weight" { file.tensors[name]?.values.reverse() }
        let path = folder + "/changed.safetensors"
        try file.write(to: path)
        return (path, Model(file))
    }
}
