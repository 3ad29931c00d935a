import SkipStream

/// A store that keeps records in memory, slot by slot.
struct MemoryStore {
    var records: [UInt32: [UInt8]] = [:]

    mutating func apply(_ slice: CheckpointSlice) {
        slice.forEach { slot, record in records[slot] = record.map { Array($0) } }
    }

    /// Takes a whole checkpoint, in slices of so many slots.
    mutating func take(from processor: inout StreamProcessor, sliceLimit: Int = 7) {
        processor.beginCheckpoint()
        var isMore = true
        while isMore {
            var slice = CheckpointSlice()
            isMore = processor.takeChanges(limit: sliceLimit, into: &slice)
            apply(slice)
        }
        processor.endCheckpoint(isStored: true)
    }

    /// Gives everything back; outcomes by slot.
    @discardableResult
    func restore(into processor: inout StreamProcessor, at time: Int64) -> [UInt32: RestoreOutcome] {
        var outcomes: [UInt32: RestoreOutcome] = [:]
        for (slot, record) in records.sorted(by: { $0.key < $1.key }) {
            outcomes[slot] = record.withUnsafeBytes { processor.restore($0, slot: slot, at: time) }
        }
        return outcomes
    }
}
