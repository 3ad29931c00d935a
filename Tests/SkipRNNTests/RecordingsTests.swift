import Foundation
import SkipRNN
import Testing
import TestSupport

@Suite("Recording files")
struct RecordingsTests {
    private func writer(_ metadata: [String: String] = [:], samples: [Int] = [4, 2], lengths: [Int] = [3, 1], _ add: (inout SafetensorsWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = SafetensorsWriter(metadata: ["format": "skip-recordings", "version": "1"].merging(metadata) { $1 })
        writer.add("samples", shape: samples, floats: (0..<samples.reduce(1, *)).map { Float($0) })
        writer.add("lengths", shape: [lengths.count], integers: lengths)
        add(&writer)
        return writer.encoded()
    }

    private func open(_ bytes: [UInt8]) throws -> Recordings { try Recordings(Safetensors(bytes: bytes, file: "r.safetensors")) }

    private func refuses(_ bytes: [UInt8], _ problem: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(throws: FileFormatError("r.safetensors", problem), sourceLocation: location) { try open(bytes) }
    }

    @Test("samples are divided into recordings")
    func wellFormed() throws {
        let recordings = try open(writer(["labels": #"["a","b"]"#, "channels": #"["x","y"]"#, "sample_rate_hz": "50"]) {
            $0.add("labels", shape: [2], integers: [1, 0])
            $0.add("groups", shape: [2], integers: [-5, 7])
        })
        #expect(recordings.count == 2)
        #expect(recordings.ranges == [0..<3, 3..<4])
        #expect(Array(recordings.timestep(3)) == [6, 7])
        #expect(recordings.classes == [1, 0])
        #expect(recordings.groups == [-5, 7])
        #expect(recordings.sampleRate == 50)
        #expect(recordings.targets == nil)
    }

    @Test("neither labels nor groups are needed, and a recording may be empty")
    func least() throws {
        let recordings = try open(writer(lengths: [0, 4, 0]))
        #expect(recordings.classes == nil)
        #expect(recordings.ranges == [0..<0, 0..<4, 4..<4])
    }

    @Test("another format or version is refused")
    func format() {
        refuses(writer(["format": "skip-model"]), "its metadata format is skip-model, skip-recordings was expected")
        refuses(writer(["version": "3"]), "its metadata version is 3, 1 is the one this skipd reads")
    }

    @Test("lengths must add up to the samples")
    func lengths() {
        refuses(writer(lengths: [3, 2]), "the tensor lengths adds up to 5, but samples has 4 timesteps")
        refuses(writer(lengths: [5, -1]), "the tensor lengths is -1 at recording 1")
        refuses(writer(lengths: [.max, .max]), "the tensor lengths adds up to more than any file holds, but samples has 4 timesteps")
        refuses(writer(lengths: []), "the tensor lengths adds up to 0, but samples has 4 timesteps")
    }

    @Test("tensors that are missing or of another shape are refused")
    func tensors() {
        var empty = SafetensorsWriter(metadata: ["format": "skip-recordings", "version": "1"])
        refuses(empty.encoded(), "the tensor samples is missing")
        empty.add("samples", shape: [0, 2], floats: [])
        refuses(empty.encoded(), "the tensor lengths is missing")
        refuses(writer(samples: [8]), "the tensor samples has shape (8,), (N, F) was expected")
        refuses(writer(samples: [4, 0]), "the tensor samples has shape (4, 0), (N, F) was expected")
        refuses(writer(["channels": #"["x"]"#]), "its metadata channels has 1 names, but samples has 2 columns")
        refuses(writer { $0.add("groups", shape: [1], integers: [1]) }, "the tensor groups has shape (1,) and dtype I64, (2,) of I64 was expected")
        refuses(writer { $0.add("groups", shape: [2], floats: [1, 2]) }, "the tensor groups has shape (2,) and dtype F32, (2,) of I64 was expected")
        refuses(writer { $0.add("labels", shape: [1], integers: [1]) }, "the tensor labels has shape (1,) and dtype I64, (2,) of I64 was expected")
        refuses(writer { $0.add("labels", shape: [2], floats: [1, 2]) }, "the tensor labels has shape (2,) and dtype F32, (2,) of I64 classes or (2, C) of F32 targets was expected")
        refuses(writer(["labels": #"["a","b"]"#]) { $0.add("labels", shape: [2], integers: [0, 2]) }, "recording 1 has label 2, but there are 2 classes, counted from 0")
        refuses(writer(["labels": #"["a","b"]"#]) { $0.add("labels", shape: [2], integers: [-1, 0]) }, "recording 0 has label -1, but there are 2 classes, counted from 0")
    }

    @Test("recordings are read back as they were written, targets and groups included")
    func roundTrip() throws {
        var generator = SplitMix(seed: 31)
        for round in 0..<20 {
            let path = TemporaryFile()
            let features = Int.random(in: 1...5, using: &generator)
            let lengths = (0..<Int.random(in: 1...4, using: &generator)).map { _ in Int.random(in: 0...6, using: &generator) }
            var recordings = Recordings(
                file: path.path, channels: Bool.random(using: &generator) ? [] : (0..<features).map { "channel \($0)" }, labels: ["a", "b"], sampleRate: 12.5,
                featureCount: features, samples: RandomModel.timesteps(lengths.reduce(0, +), features: features, &generator), lengths: lengths)
            if Bool.random(using: &generator) { recordings.classes = lengths.map { _ in Int.random(in: 0...1, using: &generator) } } else { recordings.targets = lengths.flatMap { _ in [Float(1.5), -2] } }
            if Bool.random(using: &generator) { recordings.groups = lengths.map { $0 } }
            try recordings.write(to: path.path, source: "a test")
            let read = try Recordings(contentsOf: path.path)
            #expect(read.samples == recordings.samples && read.lengths == lengths && read.featureCount == features, "round \(round), seed 31")
            #expect(read.classes == recordings.classes && read.targets == recordings.targets && read.groups == recordings.groups, "round \(round), seed 31")
            #expect(read.channels == recordings.channels && read.labels == ["a", "b"] && read.sampleRate == 12.5, "round \(round), seed 31")
        }
    }

    private func csv(_ text: String) throws -> Recordings {
        let path = TemporaryFile("csv")
        try Data(text.utf8).write(to: URL(filePath: path.path))
        do {
            return try Recordings(file: path.path)
        } catch {
            // The name is another in each run.
            throw FileFormatError("r.csv", error.problem)
        }
    }

    @Test("a CSV file is one recording: channels by its header, a label if it has that column")
    func commaSeparated() throws {
        let plain = try csv("ax, ay\n1,2\n-3.5e1, 4\n")
        #expect(plain.channels == ["ax", "ay"] && plain.samples == [1, 2, -35, 4] && plain.lengths == [2] && plain.classes == nil)
        let labelled = try csv("\"ax\",label,ay\r\n1,walk,2\r\n3,walk,4\r\n\r\n")
        #expect(labelled.channels == ["ax", "ay"] && labelled.samples == [1, 2, 3, 4] && labelled.labels == ["walk"] && labelled.classes == [0])
        let gaps = try csv("a,b\n1,\nnan,2")
        #expect(gaps.samples[1].isNaN && gaps.samples[2].isNaN && gaps.samples[3] == 2)
        #expect(try csv("a,b\n").lengths == [0])
    }

    @Test("a malformed CSV file is refused with the line", arguments: [
        ("", "is empty, a header line with the channels' names was expected"),
        ("1,2\n3,4\n", "line 1 has only numbers, a header line with the channels' names was expected"),
        ("a,,b\n", "line 1 has a column without a name"),
        ("label\nx\n", "line 1 names no channel"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, 2 were expected as in the header"),
        ("a,b\n1,two\n", "line 2 has two in column 2, a number was expected"),
        ("a,label\n1,x\n2,y\n", "line 3 has the label y, the lines before it x; a file is one recording of one class"),
    ])
    func malformedCSV(text: String, problem: String) {
        #expect(throws: FileFormatError("r.csv", problem)) { try csv(text) }
    }
}
