import Glibc
import SkipRNN
import SkipStream

/// Where the timesteps come from that are published: one after the other, F numbers each.
protocol TimestepSource {
    /// F; known once the first timestep was asked for.
    var featureCount: Int { get }
    /// Timesteps per second, where known.
    var sampleRate: Double? { get }
    /// All timesteps there will be; nil where nobody knows.
    var total: Int? { get }

    /// Appends the next timestep's F numbers to `values`.
    /// - Returns: whether it begins or ends a sequence; nil, with nothing appended, past the last.
    mutating func next(into values: inout [Float]) throws -> SampleHeader.Flags?
}

/// Recordings of a file, one after the other, each a sequence from its start to its end.
struct RecordingSource: TimestepSource {
    private let recordings: Recordings
    private let ranges: [Range<Int>]
    private var recording = 0
    private var position: Int

    /// - Parameter chosen: which recordings; the empty ones among them have no timestep to send.
    init(_ recordings: Recordings, _ chosen: some Sequence<Int>) {
        self.recordings = recordings
        let all = recordings.ranges
        ranges = chosen.map { all[$0] }.filter { !$0.isEmpty }
        position = ranges.first?.lowerBound ?? 0
    }

    var featureCount: Int { recordings.featureCount }
    var sampleRate: Double? { recordings.sampleRate }
    var total: Int? { ranges.reduce(0) { $0 + $1.count } }

    mutating func next(into values: inout [Float]) -> SampleHeader.Flags? {
        guard recording < ranges.count else { return nil }
        let range = ranges[recording]
        values.append(contentsOf: recordings.timestep(position))
        var flags: SampleHeader.Flags = position == range.lowerBound ? .start : []
        position += 1
        if position == range.upperBound {
            flags.insert(.end)
            recording += 1
            if recording < ranges.count { position = ranges[recording].lowerBound }
        }
        return flags
    }
}

/// CSV lines as they come, from a file or from standard input.
struct CSVSource: TimestepSource {
    private var lines: LineReader
    private let layout: CSVLayout
    private var number = 1

    /// Reads the header line.
    init(_ lines: consuming LineReader) throws {
        self.lines = lines
        guard let header = try self.lines.next(), !header.isEmpty else { throw FileFormatError(self.lines.name, "is empty, a header line with the channels' names was expected") }
        layout = try CSVLayout(header: header, file: self.lines.name)
    }

    var featureCount: Int { layout.channels.count }
    var sampleRate: Double? { nil }
    var total: Int? { nil }

    mutating func next(into values: inout [Float]) throws -> SampleHeader.Flags? {
        while let line = try lines.next() {
            number += 1
            if line.isEmpty { continue }
            _ = try layout.read(line, number: number, into: &values)
            return []
        }
        return nil
    }
}

/// F sines of unit amplitude, each a little faster than the one before: something to look at without a device.
struct SineSource: TimestepSource {
    let featureCount: Int
    let total: Int?
    private var timestep = 0
    /// Timesteps of the first one's period.
    private static let period = 50.0

    init(featureCount: Int, total: Int?) {
        self.featureCount = featureCount
        self.total = total
    }

    var sampleRate: Double? { nil }

    mutating func next(into values: inout [Float]) -> SampleHeader.Flags? {
        guard total.map({ timestep < $0 }) ?? true else { return nil }
        for feature in 0..<featureCount {
            values.append(Float(sin(2 * Double.pi * Double(timestep) / Self.period * (1 + Double(feature) / 4))))
        }
        timestep += 1
        return []
    }
}
