import Foundation
import SkipStore
import SkipStream
import Testing
import TestSupport

@Suite("The store of states")
struct StateStoreTests {
    @Test("what checkpoints put and delete is what a restart reads, in order of slots", arguments: 1...5 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let directory = try TemporaryDirectory()
        var expected = StoredRecords()
        for round in 0..<6 {
            // Now and then the daemon restarts.
            let store = StateStore(StateDirectory(directory.path))
            _ = try store.load { _, _ in true }
            for _ in 0..<2 {
                for _ in 0..<3 {
                    let slots = Set((0..<200).map { _ in UInt32.random(in: 0..<1000, using: &generator) }).sorted()
                    #expect(try store.write(expected.change(slots, round: round, deleting: 4, &generator)) == nil)
                }
                #expect(try store.commit() == nil)
            }
            store.close()
            let (found, report) = try expected.read(directory.path)
            #expect(found == expected.records, "seed \(seed), round \(round)")
            #expect(report.damage == nil)
        }
        #expect(directory.names == ["lock", "state.sqlite"])
    }

    @Test("a checkpoint that was not ended is not there after a restart")
    func unfinished() throws {
        var generator = SplitMix(seed: 1)
        let directory = try TemporaryDirectory()
        var expected = StoredRecords()
        let store = StateStore(StateDirectory(directory.path))
        _ = try store.load { _, _ in true }
        _ = try store.write(expected.change(0..<500, round: 0, deleting: 100, &generator))
        _ = try store.commit()
        var unfinished = expected
        _ = try store.write(unfinished.change(0..<500, round: 1, deleting: 2, &generator))
        store.close()
        #expect(try expected.read(directory.path).found == expected.records)
    }

    @Test("two daemons don't share a directory")
    func twoDaemons() throws {
        let directory = try TemporaryDirectory()
        let first = StateDirectory(directory.path)
        try first.take()
        try first.take()
        #expect {
            try StateDirectory(directory.path).take()
        } throws: { ($0 as? StoreError)?.isInUse == true && "\($0)".contains("another skipd keeps its states in \(directory.path)") }
        _ = first
    }

    @Test("a directory is free as soon as it is given back, whoever has inherited its lock file")
    func inherited() throws {
        let directory = try TemporaryDirectory()
        var first: StateDirectory? = StateDirectory(directory.path)
        try first?.take()
        // As a child has it between its fork and its exec.
        let inherited = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { CInt($0) }
            .filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == "\(directory.path)/lock" }.map { dup($0) }
        #expect(inherited.count == 1)
        defer { for file in inherited { close(file) } }
        first = nil
        try StateDirectory(directory.path).take()
    }

    @Test("where the directory can't be made the checkpoint fails, and one after it is there succeeds")
    func noDirectory() throws {
        var generator = SplitMix(seed: 2)
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state"
        try Data().write(to: URL(fileURLWithPath: path))
        let store = StateStore(StateDirectory(path))
        #expect(throws: StoreError.self) { try store.load { _, _ in true } }
        var expected = StoredRecords()
        let slice = expected.change(0..<10, round: 0, deleting: 100, &generator)
        #expect(throws: StoreError.self) { try store.write(slice) }
        #expect(throws: StoreError.self) { try store.write(slice) }
        try FileManager.default.removeItem(atPath: path)
        #expect(try store.write(slice) == nil)
        #expect(try store.commit() == nil)
        store.close()
        #expect(try StoredRecords(records: expected.records).read(path).found == expected.records)
    }

    @Test("a store that is removed under a running daemon is made anew, and says so")
    func removed() throws {
        var generator = SplitMix(seed: 3)
        let directory = try TemporaryDirectory()
        var expected = StoredRecords()
        let store = StateStore(StateDirectory(directory.path))
        _ = try store.load { _, _ in true }
        _ = try store.write(expected.change(0..<10, round: 0, deleting: 100, &generator))
        _ = try store.commit()
        for name in directory.names where name != "lock" { try FileManager.default.removeItem(atPath: directory.path + "/" + name) }
        let slice = expected.change(0..<10, round: 1, deleting: 100, &generator)
        #expect(try store.write(slice)?.hasSuffix("was removed") == true)
        #expect(try store.write(slice) == nil)
        #expect(try store.commit() == nil)
        store.close()
        #expect(try expected.read(directory.path).found == expected.records)
    }
}
