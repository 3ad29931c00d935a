/// A part of a checkpoint: records of slots that have changed, in ascending order, ready to be written by another thread.
public struct CheckpointSlice: Sendable {
    /// A slot and the length of its record; 0 where the slot is free, and any record of it is to be deleted.
    private var entries: [(slot: UInt32, length: UInt32)] = []
    var bytes: [UInt8] = []

    public init() {}

    /// A slice made up of slots and records, for tests.
    package init(_ records: [(slot: UInt32, record: [UInt8]?)]) {
        for (slot, record) in records {
            bytes += record ?? []
            entries.append((slot, UInt32(record?.count ?? 0)))
        }
    }

    /// Slots in the slice.
    public var count: Int { entries.count }
    /// Bytes of all records.
    public var byteCount: Int { bytes.count }

    mutating func endRecord(of slot: UInt32, begunAt start: Int) { entries.append((slot, UInt32(bytes.count - start))) }

    /// Calls `body` with each slot and its record; nil where the slot is free.
    public func forEach<Failure: Error>(_ body: (UInt32, UnsafeRawBufferPointer?) throws(Failure) -> Void) throws(Failure) {
        try bytes.span.bytes.withUnsafeBytes { (all) throws(Failure) in
            var start = 0
            for entry in entries {
                let end = start + Int(entry.length)
                try body(entry.slot, entry.length == 0 ? nil : UnsafeRawBufferPointer(rebasing: all[start..<end]))
                start = end
            }
        }
    }
}
