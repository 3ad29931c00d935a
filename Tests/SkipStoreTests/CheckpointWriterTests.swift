import Foundation
import SkipStore
import SkipStream
import Testing
import TestSupport

@Suite("The thread that writes checkpoints")
struct CheckpointWriterTests {
    private func outcome(_ writer: CheckpointWriter) -> CheckpointOutcome {
        while true {
            if let outcome = writer.takeOutcome() { return outcome }
            usleep(1000)
        }
    }

    @Test("checkpoints are on the disk once their outcome says so")
    func stores() throws {
        var generator = SplitMix(seed: 6)
        let directory = try TemporaryDirectory()
        var expected = StoredRecords()
        let writer = try CheckpointWriter(StateStore(StateDirectory(directory.path)))
        for round in 0..<3 {
            for part in 0..<4 as Range<UInt32> { writer.write(expected.change(part * 100..<part * 100 + 100, round: round, deleting: 10, &generator)) }
            writer.commit()
            guard case .stored(let summary) = outcome(writer) else {
                Issue.record("not stored")
                return
            }
            #expect(summary.slots == 400)
            #expect(writer.hasRoom)
        }
        writer.stop()
        #expect(try expected.read(directory.path).found == expected.records)
    }

    @Test("a checkpoint that fails says why, and the next one is tried")
    func fails() throws {
        var generator = SplitMix(seed: 7)
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state"
        try Data().write(to: URL(fileURLWithPath: path))
        var expected = StoredRecords()
        let writer = try CheckpointWriter(StateStore(StateDirectory(path)))
        for _ in 0..<2 {
            writer.write(expected.change(0..<10, round: 0, deleting: 10, &generator))
            writer.commit()
            guard case .failed(let error) = outcome(writer) else {
                Issue.record("did not fail")
                return
            }
            #expect("\(error)".contains(path))
        }
        try FileManager.default.removeItem(atPath: path)
        writer.write(expected.change(0..<10, round: 1, deleting: 10, &generator))
        writer.commit()
        guard case .stored = outcome(writer) else {
            Issue.record("not stored")
            return
        }
        writer.stop()
        #expect(try expected.read(path).found == expected.records)
    }
}
