import SkipConfiguration
import SkipRNN
import SkipStream

/// Makes recordings of the samples that a daemon passes on: three frames (`sample/` and the stream's name, header, payload), or two where
/// the device sent no header.
struct SampleRecorder {
    /// What topics of samples begin with, before the stream's name.
    static let topic = "sample/"

    private let routes: [Route]
    private let models: [ModelSource]
    /// F of messages that don't say it themselves.
    private let assumedFeatures: Int?
    /// F of the file: that of the first message.
    private var featureCount: Int?
    /// In the order in which they were heard of.
    private var names: [String] = []
    private var tracks: [String: Track] = [:]
    /// Timesteps received.
    private(set) var timesteps = 0
    /// Timesteps within recordings that never came.
    private(set) var missing = 0
    private var refused: [Refusal: Int] = [:]

    private enum Refusal { case unreadable, otherFeatures, unknownFeatures }

    /// A longer gap ends a recording.
    private static let longestGap: UInt64 = 10_000

    /// One stream.
    private struct Track {
        let group: Int
        var next: UInt64 = 0
        var boot: UInt32 = 0
        /// The open sequence, (T, F).
        var current: [Float] = []
        var finished: [[Float]] = []

        mutating func close() {
            if !current.isEmpty { finished.append(current) }
            current = []
        }
    }

    init(routes: [Route], models: [ModelSource], features: Int?) {
        self.routes = routes
        self.models = models
        assumedFeatures = features
    }

    /// Takes a message in.
    /// - Returns: how many timesteps it brought.
    mutating func note(_ frames: [[UInt8]], _ selection: StreamSelection) -> Int {
        guard frames.count == 2 || frames.count == 3, let text = String(validating: frames[0], as: UTF8.self), text.hasPrefix(Self.topic) else { return 0 }
        let name = String(text.dropFirst(Self.topic.count))
        guard selection.contains(name) else { return 0 }
        guard let (header, features, values) = read(name, header: frames.count == 3 ? frames[1] : nil, frames[frames.count - 1]) else { return 0 }
        if header.count > 0, features > 0, featureCount == nil { featureCount = features }
        guard features == featureCount || header.count == 0 else {
            refused[.otherFeatures, default: 0] += 1
            return 0
        }
        if tracks[name] == nil {
            // A stream of which nothing but the time is known yet has no recording.
            guard header.count > 0 else { return 0 }
            tracks[name] = Track(group: names.count, next: header.firstTimestep ?? 0, boot: header.boot)
            names.append(name)
        }
        return place(header, values, features, name)
    }

    /// As docs/wire.md has it: a new sequence, a gap, timesteps already seen, or the next ones.
    private mutating func place(_ header: SampleHeader, _ values: [Float], _ features: Int, _ name: String) -> Int {
        guard var track = tracks[name] else { return 0 }
        defer { tracks[name] = track }
        let first = header.firstTimestep ?? track.next
        let isNewBoot = header.boot != 0 && track.boot != 0 && header.boot != track.boot
        var seen = 0
        if isNewBoot || header.flags.contains(.start) && first >= track.next || header.boot == 0 && header.firstTimestep == 0 {
            track.close()
        } else if first < track.next {
            seen = Int(min(track.next - first, UInt64(header.count)))
            if seen == header.count { return 0 }
        } else if first > track.next, !track.current.isEmpty {
            if first - track.next <= Self.longestGap {
                missing += Int(first - track.next)
                track.current.append(contentsOf: [Float](repeating: .nan, count: Int(first - track.next) * (featureCount ?? 0)))
            } else {
                track.close()
            }
        }
        if header.boot != 0 { track.boot = header.boot }
        track.current.append(contentsOf: values.dropFirst(seen * features))
        track.next = first + UInt64(header.count)
        if header.flags.contains(.end) { track.close() }
        timesteps += header.count - seen
        return header.count - seen
    }

    /// A message's header, F, and its N·F numbers; nil, and counted, where it can't be used.
    private mutating func read(_ name: String, header: [UInt8]?, _ payload: [UInt8]) -> (SampleHeader, features: Int, values: [Float])? {
        func refuse(_ refusal: Refusal) -> (SampleHeader, Int, [Float])? {
            refused[refusal, default: 0] += 1
            return nil
        }
        var parsed: SampleHeader
        var features = 0
        if let header {
            if header.first == SampleHeader.mark {
                guard let binary = header.withUnsafeBytes({ SampleHeader(binary: $0) }) else { return refuse(.unreadable) }
                parsed = binary
                if parsed.count > 0 { features = payload.count / (parsed.count * parsed.type.size) }
            } else {
                guard let json = header.withUnsafeBytes({ SampleHeader.json($0) }) else { return refuse(.unreadable) }
                (parsed, features) = (json.header, json.features)
            }
        } else if route(name)?.encoding == .json {
            var values: [Float] = []
            guard let json = payload.withUnsafeBytes({ try? JSONPayload($0, into: &values) }) else { return refuse(.unreadable) }
            return (json.header, json.features, values)
        } else {
            guard let known = assumedFeatures ?? model(name)?.architecture.inputSize ?? featureCount else { return refuse(.unknownFeatures) }
            features = known
            parsed = SampleHeader(count: payload.count / (known * 4))
        }
        // Nobody has checked the message: a JSON header's shape may be any.
        let (size, overflow) = (parsed.count * features).multipliedReportingOverflow(by: parsed.type.size)
        guard !overflow, payload.count == size else { return refuse(.unreadable) }
        let values = payload.withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: parsed.count * features) { values, count in
                count = parsed.count * features
                if let source = bytes.baseAddress, let start = values.baseAddress, count > 0 { parsed.type.decode(source, count: count, into: start) }
            }
        }
        return (parsed, features, values)
    }

    private func route(_ name: String) -> Route? { routes.first { $0.match.matches(name.utf8) } }

    /// The model that a stream runs through, where its file can be read here.
    private func model(_ name: String) -> ModelFile? {
        guard let route = route(name), let path = models.first(where: { $0.name == route.model })?.path else { return nil }
        return try? ModelFile(contentsOf: path)
    }

    /// What was left out, a sentence for each reason.
    var refusals: [String] {
        [
            (Refusal.unreadable, "are none of skipd's protocol and were left out"),
            (.otherFeatures, "have other features than the first one and were left out; record their streams into a file of their own"),
            (.unknownFeatures, "don't say how many features they have and were left out; give --features"),
        ].compactMap { refusal, sentence in refused[refusal].map { "\(counted($0, "message")) \(sentence)" } }
    }

    /// All that was recorded, stream by stream; nil where that is nothing.
    func recordings(file: String, label: String?, rate: Double?) -> Recordings? {
        guard let featureCount, timesteps > 0 else { return nil }
        var samples: [Float] = [], lengths: [Int] = [], groups: [Int] = []
        for name in names {
            guard var track = tracks[name] else { continue }
            track.close()
            for recording in track.finished {
                samples += recording
                lengths.append(recording.count / featureCount)
                groups.append(track.group)
            }
        }
        let model = names.isEmpty ? nil : model(names[0])
        let channels = model?.metadata.channels ?? []
        var recordings = Recordings(
            file: file, channels: channels.count == featureCount ? channels : [], labels: label.map { [$0] } ?? [], sampleRate: rate ?? model?.metadata.sampleRate,
            featureCount: featureCount, samples: samples, lengths: lengths, classes: label.map { _ in lengths.map { _ in 0 } }, groups: groups)
        recordings.groupNames = names
        return recordings
    }
}
