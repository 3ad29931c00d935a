import SkipRNN

/// Every update of all recordings, with the state after it: all there is to a run, since nothing changes in between.
struct UpdateTrace: Equatable {
    struct Update: Equatable {
        let recording: Int
        /// Counted from the recording's first.
        let timestep: Int
        let increment: Float
        let state: [Float]
    }

    /// By recording, then timestep.
    private(set) var updates: [Update]
    private let model: Model

    static func == (a: UpdateTrace, b: UpdateTrace) -> Bool { a.updates == b.updates }

    /// Steps through every timestep.
    init(stepping model: Model, _ recordings: Recordings) {
        self.model = model
        updates = []
        for (recording, range) in recordings.ranges.enumerated() {
            var inference = Inference(model)
            for index in range where inference.step(recordings.timestep(index)) == .updated {
                updates.append(Update(recording: recording, timestep: index - range.lowerBound, increment: inference.gate.updateProbabilityIncrement, state: inference.state))
            }
        }
    }

    /// Goes from update to update by countdown, several recordings at a time, as skipd does with streams.
    init(eventDriven model: Model, _ recordings: Recordings) {
        let together = 4
        let options = GateOptions(maxSkip: model.metadata.maxSkip)
        let workspace = Workspace(for: model, streams: together)
        let ranges = recordings.ranges
        var updates: [Update] = []
        for first in stride(from: 0, to: ranges.count, by: together) {
            var cursors = (first..<min(first + together, ranges.count)).map { Cursor(recording: $0, next: ranges[$0].lowerBound, end: ranges[$0].upperBound, state: model.initialState) }
            while true {
                // Passes over values that are not finite: the update stays due.
                var due: [Int] = []
                for index in cursors.indices {
                    while cursors[index].next < cursors[index].end {
                        let input = workspace.input(due.count)
                        for (feature, value) in recordings.timestep(cursors[index].next).enumerated() { input[feature] = value }
                        if model.normalize(input) { break }
                        cursors[index].next += 1
                    }
                    if cursors[index].next < cursors[index].end { due.append(index) }
                }
                if due.isEmpty { break }
                var increments = [Float](repeating: 0, count: due.count)
                let rows = due.map { index in
                    let row = UnsafeMutableBufferPointer<Float>.allocate(capacity: model.architecture.stateSize)
                    _ = row.initialize(from: cursors[index].state)
                    return row
                }
                var addresses = rows.compactMap(\.baseAddress)
                model.update(&addresses, streams: due.count, increments: &increments, workspace)
                for (place, index) in due.enumerated() {
                    cursors[index].state = Array(rows[place])
                    rows[place].deallocate()
                    let cursor = cursors[index]
                    updates.append(Update(recording: cursor.recording, timestep: cursor.next - ranges[cursor.recording].lowerBound, increment: increments[place], state: cursor.state))
                    let countdown = options.timestepsUntilUpdate(GateState(updateProbabilityIncrement: increments[place], cumulativeUpdateProbability: 0))
                    cursors[index].next = countdown.map { cursor.next + min(Int(clamping: $0), cursor.end - cursor.next) } ?? cursor.end
                }
            }
        }
        self.model = model
        self.updates = updates.sorted { ($0.recording, $0.timestep) < ($1.recording, $1.timestep) }
    }

    private struct Cursor {
        let recording: Int
        var next: Int
        let end: Int
        var state: [Float]
    }

    /// How far this run is from another.
    /// - Returns: the first place where one updated and the other didn't; up to there, the largest differences of the top
    ///   layer's hidden state and of the outputs.
    func difference(from other: UpdateTrace) -> (gate: (recording: Int, timestep: Int)?, hiddenState: Float, output: Float) {
        var (hiddenState, output): (Float, Float) = (0, 0)
        let top = model.topHiddenStateOffset..<(model.topHiddenStateOffset + model.architecture.topHiddenSize)
        var (mine, theirs) = ([Float](repeating: 0, count: model.logitsCapacity), [Float](repeating: 0, count: model.logitsCapacity))
        for (a, b) in zip(updates, other.updates) {
            guard a.recording == b.recording, a.timestep == b.timestep else {
                let first = (a.recording, a.timestep) < (b.recording, b.timestep) ? a : b
                return ((first.recording, first.timestep), hiddenState, output)
            }
            hiddenState = zip(a.state[top], b.state[top]).reduce(hiddenState) { max($0, abs($1.0 - $1.1)) }
            model.computeLogits(a.state, into: &mine)
            other.model.computeLogits(b.state, into: &theirs)
            output = zip(mine, theirs).prefix(model.architecture.outputSize).reduce(output) { max($0, abs($1.0 - $1.1)) }
        }
        guard updates.count == other.updates.count else {
            let rest = updates.count > other.updates.count ? updates[other.updates.count] : other.updates[updates.count]
            return ((rest.recording, rest.timestep), hiddenState, output)
        }
        return (nil, hiddenState, output)
    }
}
