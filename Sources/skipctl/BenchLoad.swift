import SkipRNN
import SkipStream

/// What `skipctl bench` sends: recorded timesteps, over and over, to stream after stream.
struct BenchLoad {
    let names: [String]
    private let recordings: Recordings
    private let boot = newBoot()
    /// The next timestep of each stream, all streams alike, and the stream whose turn it is.
    private(set) var seq: UInt64 = 0
    private(set) var turn = 0
    private let payloads: [UInt8]
    private let timestepBytes: Int

    init(names: [String], _ recordings: Recordings) {
        self.names = names
        self.recordings = recordings
        payloads = recordings.samples.withUnsafeBytes { [UInt8]($0) }
        timestepBytes = recordings.featureCount * MemoryLayout<Float>.size
    }

    /// The next message: N timesteps of the stream whose turn it is.
    mutating func message(_ count: Int) -> [UInt8] {
        let total = payloads.count / timestepBytes
        let count = min(count, total)
        // Streams are out of step, as real ones are.
        let start = Int((seq + UInt64(turn) * 37) % UInt64(total - count + 1)) * timestepBytes
        let header = SampleHeader(count: count, firstTimestep: seq, boot: boot)
        let message = header.message(stream: names[turn].utf8, payload: payloads[start..<(start + count * timestepBytes)])
        turn += 1
        if turn == names.count { (turn, seq) = (0, seq + UInt64(count)) }
        return message
    }

    /// Goes on with the first stream at a timestep that no stream has reached.
    mutating func align(_ count: Int) { if turn > 0 { (turn, seq) = (0, seq + UInt64(count)) } }
}
