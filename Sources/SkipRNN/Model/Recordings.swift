/// Labelled sequences, one after the other: what models are trained, judged and replayed on.
public struct Recordings: Sendable {
    /// The name that errors give the file.
    public var file: String
    /// Names of the F features; empty where the file has none.
    public var channels: [String]
    /// Class names; empty where the file has none.
    public var labels: [String]
    /// Timesteps per second, where known.
    public var sampleRate: Double?
    /// F.
    public var featureCount: Int
    /// (N, F), row-major, all recordings one after the other.
    public var samples: [Float]
    /// (R): timesteps of each recording; the sum is N.
    public var lengths: [Int]
    /// (R): class of each recording; nil where there are none.
    public var classes: [Int]?
    /// (R, C): regression targets; nil where there are none.
    public var targets: [Float]?
    /// (R): subject or device of each recording; nil where there are none.
    public var groups: [Int]?
    /// What the groups are called, group 0 first, such as the streams that were recorded; empty where they have no names.
    public var groupNames: [String] = []

    public init(file: String, channels: [String], labels: [String], sampleRate: Double?, featureCount: Int, samples: [Float], lengths: [Int], classes: [Int]? = nil, targets: [Float]? = nil, groups: [Int]? = nil) {
        self.file = file
        self.channels = channels
        self.labels = labels
        self.sampleRate = sampleRate
        self.featureCount = featureCount
        self.samples = samples
        self.lengths = lengths
        self.classes = classes
        self.targets = targets
        self.groups = groups
    }

    static let format = "skip-recordings"

    /// R.
    public var count: Int { lengths.count }

    /// Each recording's timesteps as a range within N.
    public var ranges: [Range<Int>] {
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return start..<(start + length)
        }
    }

    /// Timestep `index` of all N: F features.
    public func timestep(_ index: Int) -> ArraySlice<Float> { samples[(index * featureCount)..<((index + 1) * featureCount)] }

    /// Reads and checks a recording file.
    /// - Throws: `FileFormatError` that says what is wrong, where, and what was expected.
    public init(contentsOf path: String) throws(FileFormatError) { try self.init(try Safetensors(contentsOf: path)) }

    /// Checks and takes over a safetensors file.
    public init(_ file: Safetensors) throws(FileFormatError) {
        func fail(_ problem: String) -> FileFormatError { FileFormatError(file.file, problem) }
        guard file.metadata["format"] == Self.format else { throw fail("its metadata format is \(file.metadata["format"] ?? "missing"), \(Self.format) was expected") }
        guard file.metadata["version"] == "1" else { throw fail("its metadata version is \(file.metadata["version"] ?? "missing"), 1 is the one this skipd reads") }
        self.file = file.file
        channels = try ModelMetadata.strings(file, "channels") ?? []
        labels = try ModelMetadata.strings(file, "labels") ?? []
        sampleRate = try ModelMetadata.sampleRate(file)

        guard let samples = file.entries["samples"] else { throw fail("the tensor samples is missing") }
        guard samples.shape.count == 2, samples.shape[1] > 0 else { throw fail("the tensor samples has shape \(describe(samples.shape)), (N, F) was expected") }
        guard [.f32, .f64, .f16, .u8, .i8, .i16, .u16, .i32].contains(samples.type) else { throw fail("the tensor samples has dtype \(samples.type.rawValue), which recordings don't use") }
        featureCount = samples.shape[1]
        guard channels.isEmpty || channels.count == featureCount else { throw fail("its metadata channels has \(channels.count) names, but samples has \(featureCount) columns") }
        self.samples = file.floats("samples") ?? []

        lengths = try Self.perRecording(file, "lengths") ?? []
        guard file.entries["lengths"] != nil else { throw fail("the tensor lengths is missing") }
        if let index = lengths.firstIndex(where: { $0 < 0 }) { throw fail("the tensor lengths is \(lengths[index]) at recording \(index)") }
        var (total, overflow) = (0, false)
        for length in lengths where !overflow { (total, overflow) = total.addingReportingOverflow(length) }
        guard !overflow, total == samples.shape[0] else { throw fail("the tensor lengths adds up to \(overflow ? "more than any file holds" : String(total)), but samples has \(samples.shape[0]) timesteps") }

        groups = try Self.perRecording(file, "groups", count: lengths.count)
        groupNames = try ModelMetadata.strings(file, "groups") ?? []
        if let entry = file.entries["labels"], entry.type == .i64 {
            classes = try Self.perRecording(file, "labels", count: lengths.count)
            if let index = classes?.firstIndex(where: { $0 < 0 || (!labels.isEmpty && $0 >= labels.count) }) {
                throw fail("recording \(index) has label \(classes?[index] ?? 0), but there are \(labels.count) classes, counted from 0")
            }
        } else if let entry = file.entries["labels"] {
            guard entry.shape.count == 2, entry.shape[0] == lengths.count, [.f16, .f32, .f64].contains(entry.type) else {
                throw fail("the tensor labels has shape \(describe(entry.shape)) and dtype \(entry.type.rawValue), (\(lengths.count),) of I64 classes or (\(lengths.count), C) of F32 targets was expected")
            }
            targets = file.floats("labels")
        }
    }

    private static func perRecording(_ file: Safetensors, _ name: String, count: Int? = nil) throws(FileFormatError) -> [Int]? {
        guard let entry = file.entries[name] else { return nil }
        guard entry.shape.count == 1, entry.shape[0] == count ?? entry.shape[0], let values = file.integers(name) else {
            throw FileFormatError(file.file, "the tensor \(name) has shape \(describe(entry.shape)) and dtype \(entry.type.rawValue), (\(count.map { String($0) } ?? "R"),) of I64 was expected")
        }
        return values
    }

    /// Writes a recording file aside, then renames it into place.
    public func write(to path: String, source: String? = nil) throws(FileFormatError) {
        var metadata = ["format": Self.format, "version": "1"]
        if !channels.isEmpty { metadata["channels"] = jsonArray(channels) }
        if !labels.isEmpty { metadata["labels"] = jsonArray(labels) }
        if let sampleRate { metadata["sample_rate_hz"] = String(sampleRate) }
        if let source { metadata["source"] = source }
        if !groupNames.isEmpty { metadata["groups"] = jsonArray(groupNames) }
        var writer = SafetensorsWriter(metadata: metadata)
        writer.add("samples", shape: [samples.count / featureCount, featureCount], floats: samples)
        writer.add("lengths", shape: [count], integers: lengths)
        if let classes { writer.add("labels", shape: [count], integers: classes) }
        if let targets { writer.add("labels", shape: [count, targets.count / max(count, 1)], floats: targets) }
        if let groups { writer.add("groups", shape: [count], integers: groups) }
        try writer.write(to: path)
    }
}
