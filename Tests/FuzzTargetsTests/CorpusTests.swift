import Foundation
import FuzzTargets
import Testing

/// What `make fuzz` has found and what it starts from, without libFuzzer: a known input that is a finding again fails.
@Suite struct CorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fuzzing")

    /// Those with names, written by hand or a finding; and those that a run has kept for what they reach.
    private static func inputs(_ target: FuzzTarget, in folders: [String] = ["Seeds", "Corpus"]) throws -> [URL] {
        try folders.map { folder.appendingPathComponent("\($0)/\(target)") }.filter { FileManager.default.fileExists(atPath: $0.path) }.flatMap {
            try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil).sorted { $0.path < $1.path }
        }
    }

    @Test("every folder of inputs has a target, and every target inputs")
    func folders() throws {
        let targets = Set(FuzzTarget.allCases.map(\.rawValue))
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: Self.folder.path + "/Seeds")) == targets)
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: Self.folder.path + "/Corpus")).isSubset(of: targets))
    }

    // Seeds that are refused as a whole reach nothing: those of messages were for a while, when what stands before each had changed.
    @Test("every target takes some of its seeds", arguments: FuzzTarget.allCases)
    func seeds(target: FuzzTarget) throws {
        let taken = try Self.inputs(target, in: ["Seeds"]).filter { seed in try Data(contentsOf: seed).withUnsafeBytes { target.feed($0) } }
        #expect(!taken.isEmpty)
    }

    @Test("every input of the corpus is read without a trap", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) async throws {
        // In a process of its own, which says what it reads: after a trap the last line names the input.
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) { [target] in
            for input in try Self.inputs(target) {
                FileHandle.standardError.write(Data("\(input.path)\n".utf8))
                let bytes = try Data(contentsOf: input)
                _ = bytes.withUnsafeBytes { target.feed($0) }
            }
        }
        let read = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
        #expect(try read.count == Self.inputs(target).count, "\(read.suffix(3).joined(separator: "\n"))")
    }
}
