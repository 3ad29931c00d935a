import SkipStore
import SkipStream
import TestSupport

/// Records made up, and what a store has of them.
struct StoredRecords {
    var records: [UInt32: [UInt8]] = [:]

    /// Bytes that tell their slot and round.
    static func record(_ slot: UInt32, _ round: Int, _ generator: inout SplitMix) -> [UInt8] {
        let word = UInt64(slot) << 32 | UInt64(round)
        return (0..<Int.random(in: 120...420, using: &generator)).map { UInt8(truncatingIfNeeded: (word &+ UInt64($0)) &* 0x9E37_79B9_7F4A_7C15 >> 56) }
    }

    /// Changes some slots: the slice that says so.
    mutating func change(_ slots: some Sequence<UInt32>, round: Int, deleting share: Int, _ generator: inout SplitMix) -> CheckpointSlice {
        var entries: [(slot: UInt32, record: [UInt8]?)] = []
        for slot in slots {
            let record = Int.random(in: 0..<share, using: &generator) == 0 ? nil : Self.record(slot, round, &generator)
            records[slot] = record
            entries.append((slot, record))
        }
        return CheckpointSlice(entries)
    }

    /// Reads a directory's store; what differs from these records counts as damaged.
    func read(_ path: String) throws(StoreError) -> (found: [UInt32: [UInt8]], report: LoadReport) {
        var found: [UInt32: [UInt8]] = [:]
        let store = StateStore(StateDirectory(path))
        defer { store.close() }
        let report = try store.load { slot, record in
            guard records[slot] == Array(record) else { return false }
            found[slot] = Array(record)
            return true
        }
        return (found, report)
    }
}
