import SkipRNN

/// What a stream's results must be, whatever came between: each tells the sequence that it belongs to, and under `gap = "reset"` a sequence
/// with a timestep missing that would have been read is another sequence. So a sequence fed to the cell offline, one timestep after the other,
/// has every result that may come of it.
struct SequenceOracle {
    private struct Place: Hashable { var stream: Int; var start: Int }
    private struct Step { var updates: Int; var index: Int; var p: Float; var isUpdate: Bool }

    static let features = 6
    static let length = 200
    private let values: [Float]
    private var cache: [Place: [Step]] = [:]

    init() { values = Bundled.recordings.ranges.flatMap { $0.flatMap { Bundled.recordings.timestep($0) } } }

    /// A stream's timesteps, (T, F): the recordings over and over, each stream from another place on.
    func timesteps(_ stream: Int, _ range: Range<Int>) -> [Float] {
        let count = values.count / Self.features
        return range.flatMap { timestep in
            let start = (stream * 97 + timestep) % count * Self.features
            return values[start..<(start + Self.features)]
        }
    }

    /// What is wrong with a result; nil where nothing is.
    mutating func problem(_ result: Result, stream: Int) -> String? {
        let start = result.seq + 1 - result.timesteps
        guard start >= 0, (1...Self.length).contains(result.timesteps) else { return "timesteps \(result.timesteps) at \(result.seq)" }
        let steps = steps(stream, start)
        let step = steps[result.timesteps - 1]
        // A gap that runs past a sequence's end ends it with what was last read of it.
        if result.final == true, steps.contains(where: { $0.updates == result.updates && $0.index == result.index && $0.p == result.p }) { return nil }
        guard step.isUpdate || result.final == true else { return "no update was due at \(result.seq) of the sequence from \(start)" }
        guard step.updates == result.updates, step.index == result.index, step.p == result.p else { return "\(result), offline it was \(step)" }
        return nil
    }

    /// The timesteps of an undisturbed sequence at which results are published.
    mutating func results(_ stream: Int, start: Int) -> [Int] {
        steps(stream, start).indices.filter { steps(stream, start)[$0].isUpdate || $0 == Self.length - 1 }.map { start + $0 }
    }

    private mutating func steps(_ stream: Int, _ start: Int) -> [Step] {
        if let steps = cache[Place(stream: stream, start: start)] { return steps }
        var inference = Inference(Bundled.model)
        let input = timesteps(stream, start..<(start + Self.length))
        var (updates, index, p): (Int, Int, Float) = (0, -1, 0)
        let steps = (0..<Self.length).map { timestep -> Step in
            let isUpdate = inference.step(input[(timestep * Self.features)..<((timestep + 1) * Self.features)]) == .updated
            if isUpdate {
                updates += 1
                let probabilities = inference.probabilities
                index = probabilities.indices.first { probabilities[$0] == probabilities.max() } ?? -1
                p = probabilities[index]
            }
            return Step(updates: updates, index: index, p: p, isUpdate: isUpdate)
        }
        cache[Place(stream: stream, start: start)] = steps
        return steps
    }
}
