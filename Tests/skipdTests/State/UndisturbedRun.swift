import Foundation
import SkipRNN
import SkipStream

/// What devices send in a crash test, and what a skipd that nothing disturbs publishes of it.
struct UndisturbedRun {
    static let features = 6
    /// Timesteps of each stream.
    let length: Int
    let streams: [String]
    /// (T, F) of each stream: the bundled recordings over and over, each stream from another place on.
    private let values: [[Float]]
    /// Each stream's results by the timestep that caused them.
    let results: [String: [Int: String]]

    init(streams count: Int, length: Int) throws {
        self.length = length
        streams = (0..<count).map { "watch/\($0)" }
        let all = (0..<Bundled.recordings.ranges.count).flatMap { Bundled.recording($0) }
        let timesteps = all.count / Self.features
        values = (0..<count).map { stream in
            (0..<length).flatMap { timestep in
                let start = (stream * 97 + timestep) % timesteps * Self.features
                return all[start..<(start + Self.features)]
            }
        }
        let sink = Collector()
        var processor = StreamProcessor(sink: sink)
        processor.install([BoundRoute(Route(match: StreamPattern("watch/**"), model: "watch", emit: .update), Bundled.model)])
        for stream in 0..<count {
            for start in stride(from: 0, to: length, by: 100) {
                let frame = Self.sample(streams[stream], values[stream], start, min(100, length - start))
                frame.withUnsafeBytes { bytes in
                    withUnsafePointer(to: IncomingMessage(bytes, frameCount: 1)) { processor.process(UnsafeBufferPointer(start: $0, count: 1), arrival: 0) }
                }
            }
        }
        results = sink.results
    }

    /// The one-frame message with some timesteps of a stream. Whatever it depends on is in it, so that nothing depends on when it is sent.
    func message(stream: Int, from start: Int, count: Int) -> [[UInt8]] { [Self.sample(streams[stream], values[stream], start, count)] }

    private static func sample(_ stream: String, _ values: [Float], _ start: Int, _ count: Int) -> [UInt8] {
        Sample(
            stream: stream, values: Array(values[(start * features)..<((start + count) * features)]), seq: UInt64(start),
            ts: 1_790_000_000_000_000_000 + Int64(start) * 20_000_000, boot: 1).frames(.one)[0]
    }

    private final class Collector: ResultSink {
        var results: [String: [Int: String]] = [:]

        func wants(topic: UnsafeRawBufferPointer) -> Bool { topic.starts(with: Array("result/".utf8)) }

        func publish(topic: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
            let text = String(decoding: body, as: UTF8.self)
            guard let result = try? JSONDecoder().decode(Result.self, from: Data(text.utf8)) else { return }
            results[result.stream, default: [:]][result.seq] = text
        }

        func dropped(_ cause: DropCause, stream: UnsafeRawBufferPointer, reason: StaticString) {}
    }
}
