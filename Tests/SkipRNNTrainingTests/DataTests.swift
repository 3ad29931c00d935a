import Foundation
import SkipRNN
import SkipRNNTraining
import Testing

@Suite("Recordings for training")
struct DataTests {
    /// A folder of files that is removed at the end.
    struct Folder: ~Copyable {
        let path = FileManager.default.temporaryDirectory.appending(path: "csv-\(UUID().uuidString)").path

        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let file = URL(filePath: path).appending(path: name)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test("a folder of CSV files becomes recordings, its folders groups")
    func csv() throws {
        let folder = try Folder([
            "anna/1.csv": "x,label,y\n1,walk,2\n3,walk,4\n", "anna/2.csv": "x,label,y\r\n5,run,6\r\n", "bo/1.csv": "x,label,y\n7,walk,8\n\n9,walk,10\n",
        ])
        let recordings = try Recordings(path: folder.path)
        #expect(recordings.channels == ["x", "y"])
        #expect(recordings.labels == ["run", "walk"])
        #expect(recordings.classes == [1, 0, 1])
        #expect(recordings.groups == [0, 0, 1] && recordings.groupNames == ["anna", "bo"])
        #expect(recordings.lengths == [2, 1, 2])
        #expect(recordings.samples == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    }

    @Test("a spreadsheet's byte order mark and quotes are no part of the names")
    func spreadsheet() throws {
        let folder = try Folder(["1.csv": "\u{FEFF}\"x\", \"label\"\r\n1,\"walk\"\r\n", "2.csv": "x,label\n2,run\n"])
        let recordings = try Recordings(path: folder.path)
        #expect(recordings.channels == ["x"] && recordings.labels == ["run", "walk"] && recordings.samples == [1, 2])
    }

    @Test("what is wrong with a CSV file is one sentence with file and line", arguments: [
        ("x,y,label\n1,2,a\n1,nan,a\n", "line 3 has nan in column 2"),
        ("x,y,label\n1,2,a\n1,2\n", "line 3 has 2 values, the header has 3"),
        ("x,y,label\n1,2,a\n1,2,b\n", "line 3 has the label b"),
        ("1,2,3\n4,5,6\n", "line 1 holds numbers"),
        ("", "is empty"),
        ("x,y,label\n", "has a header line and no timestep"),
        ("x,y,label\n1,2,\n", "line 2 has no label"),
        ("x,x,label\n1,2,a\n", "line 1 names the channel x twice"),
        ("x,label\n1,a\n", "line 1 has the channels x"),
    ])
    func badCSV(text: String, problem: String) throws {
        let folder = try Folder(["a.csv": "x,y,label\n1,2,a\n", "b.csv": text])
        let error = #expect(throws: FileFormatError.self) { try Recordings(path: folder.path) }
        #expect(error?.file.hasSuffix("b.csv") == true)
        #expect(error?.problem.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test("a group is never divided, and statistics are the training part's alone")
    func split() throws {
        let recordings = sines()
        for seed in 0..<20 as Range<UInt64> {
            let split = seed % 2 == 0 ? try Split(recordings, testGroups: [1], validationFraction: 0.3, seed: seed) : try Split(recordings, validationFraction: 0.25, testFraction: 0.25, seed: seed)
            let groups = [split.training, split.validation, split.test].map { part in Set(part.map { recordings.groups?[$0] ?? -1 }) }
            #expect(groups[0].isDisjoint(with: groups[1]) && groups[0].isDisjoint(with: groups[2]) && groups[1].isDisjoint(with: groups[2]))
            #expect(split.training.count + split.validation.count + split.test.count == recordings.count)
            #expect(!split.validation.isEmpty && !split.test.isEmpty)
        }
        var changed = recordings
        for t in recordings.ranges[15] { changed.samples[t * 3] = 1e6 }
        let split = try Split(recordings, testGroups: [3])
        #expect(Normalization(changed, split.training) == Normalization(recordings, split.training))
    }

    @Test("an empty class, a value that is not finite, an unknown group, a window too long are refused by name")
    func refused() throws {
        var recordings = sines()
        let all = Array(0..<recordings.count)
        func problem(_ body: () throws -> Void) -> String { (#expect(throws: FileFormatError.self, performing: body))?.problem ?? "" }
        #expect(problem { try recordings.checkForTraining([0, 2, 4]) }.contains("the class slow has no recording"))
        #expect(problem { _ = try Split(recordings, testGroups: [9]) }.contains("has no group 9; its groups are 0, 1, 2, 3"))
        #expect(problem { _ = try Split(recordings, testGroups: [0, 1, 2, 3]) }.contains("nothing to train on"))
        var windows = WindowOptions()
        windows.length = 1000
        #expect(problem { _ = try RecordedBatches(recordings, try Split(recordings), windows: windows, augmentation: Augmentation(), batchSize: 4, seed: 1) }.contains("fewer than a window of 1000"))
        recordings.samples[(recordings.ranges[2].lowerBound + 7) * 3 + 1] = .nan
        #expect(problem { try recordings.checkForTraining(all) } == "recording 2 has nan in b at timestep 7; only finite numbers can be trained on")
    }

    @Test("augmentation turns triples without changing their length")
    func rotation() throws {
        let recordings = sines()
        var augmentation = Augmentation()
        augmentation.rotation = 180
        let split = try Split(recordings)
        func batch(_ augmentation: Augmentation) throws -> Batch {
            try RecordedBatches(recordings, split, windows: WindowOptions(), augmentation: augmentation, batchSize: 16, normalization: .dividing(by: 1, features: 3), seed: 4).batch(epoch: 0, step: 0)
        }
        let (plain, turned) = (try batch(Augmentation()), try batch(augmentation))
        #expect(plain.samples != turned.samples)
        for triple in stride(from: 0, to: plain.samples.count, by: 3) {
            func length(_ values: [Float]) -> Float { (0..<3).reduce(0) { $0 + values[triple + $1] * values[triple + $1] }.squareRoot() }
            #expect(abs(length(plain.samples) - length(turned.samples)) < 1e-4)
        }
    }
}
