import SkipRNN

/// How recordings are cut into sequences.
public struct WindowOptions: Sendable, Equatable {
    /// Timesteps of a window; nil for whole recordings. The default is nil.
    public var length: Int?
    /// Timesteps from one window's start to the next one's; nil for half a window. The default is nil.
    public var stride: Int?
    /// Every how many-th timestep is kept: plain subsampling. The default is 1.
    public var every = 1

    public init() {}
}

/// A piece of a recording.
struct Window: Sendable, Equatable {
    var recording: Int
    /// Its first timestep within N, and how many there are.
    var start: Int
    var length: Int
    /// How far it may be shifted without leaving the recording.
    var room: ClosedRange<Int>
}

extension WindowOptions {
    /// The windows of some recordings. A recording shorter than a window is one shorter sequence.
    /// - Throws: `FileFormatError` where the window is longer than every recording.
    func windows(_ recordings: Recordings, _ chosen: [Int]) throws(FileFormatError) -> [Window] {
        let ranges = recordings.ranges
        if let length, let longest = recordings.lengths.max(), longest < length {
            throw FileFormatError(recordings.file, "its longest recording has \(longest) timesteps, fewer than a window of \(length); choose a shorter --window")
        }
        var windows: [Window] = []
        for index in chosen where !ranges[index].isEmpty {
            let range = ranges[index]
            guard let length, range.count > length else {
                windows.append(Window(recording: index, start: range.lowerBound, length: range.count, room: 0...0))
                continue
            }
            let step = stride ?? max(length / 2, 1)
            for start in Swift.stride(from: range.lowerBound, through: range.upperBound - length, by: step) {
                let room = max(range.lowerBound - start, -step / 2)...min(range.upperBound - length - start, step / 2)
                windows.append(Window(recording: index, start: start, length: length, room: room))
            }
        }
        return windows
    }
}
