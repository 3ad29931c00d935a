import SkipRNN

/// One stream as it is stored: everything from which it continues bit for bit.
///
/// All numbers little-endian; L bytes of name, S floats of state:
///
///       0 u8      version: 1, or 2 where the stream has a stretch of its own
///       1 u8      L
///       2 u16     shard
///       4 u32     boot
///       8 u64     next
///      16 u64     due; 2⁶⁴ − 1 for never
///      24 u64     sequenceStart
///      32 u64     updates
///      40 u64     lastRead
///      48 i64     lastReadTime, ns since the Unix epoch
///      56 u64     results
///      64 u32     omitted
///      68 u32     lost
///      72 u32     heard, s since the Unix epoch
///      76 f32     increment Δũ
///      80 i32     published label, −1 for none
///      84 i32     candidate label, −1 for none
///      88 u32     streak
///      92 u32     S; 0 while updates = 0: the state is the model's initial one
///      96 u64     model identity
///     104 u8[8]   kernel variant, ASCII, filled up with zeros
///     112 u8[L]   name
///         f32[S]  state: layer by layer h (H), then c (H) for an LSTM
///         f32     the stretch of its own, at least 1; in version 2 only, so that without any an older skipd reads the store as well
///         u64     checksum of all before and of the slot, so that neither changed bytes nor a record in another's place are taken
///
/// Nothing read is trusted: `init` checks lengths and ranges so that whatever it lets through can be continued without a trap.
package struct StreamRecord {
    /// The stream's slot but for its row, route and name.
    var slot: StreamSlot
    let name: UnsafeRawBufferPointer
    /// S floats, unaligned.
    let state: UnsafeRawBufferPointer
    let identity: UInt64
    let kernels: KernelName
    /// nil where the stream follows its route.
    let stretch: Float?

    /// A kernel variant's name, as eight bytes.
    struct KernelName: Equatable {
        let bytes: UInt64

        init(bytes: UInt64) { self.bytes = bytes }

        init(_ name: String) {
            precondition(name.utf8.count <= 8, "a kernel variant's name has at most 8 bytes")
            bytes = name.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private static let version: UInt8 = 1
    private static let versionWithStretch: UInt8 = 2
    static let headSize = 112
    /// Counters and timesteps beyond it are nobody's; sums of two of them don't overflow.
    private static let limit: UInt64 = 1 << 60

    /// Bytes of a record.
    private static func size(name: Int, state: Int, hasStretch: Bool) -> Int { headSize + name + 4 * state + (hasStretch ? 4 : 0) + 8 }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ slot: UInt32) -> UInt64 {
        NameHash(seed: 0x736B_6970_6400_0001 ^ UInt64(slot) << 1)(bytes)
    }

    /// Writes the checksum that fits a record's other bytes: for tests that go past it.
    package static func seal(_ record: inout [UInt8], slot: UInt32) {
        record.withUnsafeMutableBytes { bytes in
            let sum = checksum(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)]), slot)
            bytes.storeBytes(of: sum.littleEndian, toByteOffset: bytes.count - 8, as: UInt64.self)
        }
    }

    /// Appends a stream's record.
    /// - Parameters:
    ///   - heard: when it was last heard of, in seconds since the Unix epoch.
    ///   - state: the S floats at its row; none while it has had no update.
    ///   - stretch: the stretch of its own; nil where it follows its route.
    static func append(
        _ stream: UnsafeMutablePointer<StreamSlot>, slot: UInt32, heard: UInt32, identity: UInt64, kernels: KernelName,
        state: UnsafeBufferPointer<Float>, stretch: Float?, to bytes: inout [UInt8]
    ) {
        let size = size(name: Int(stream.pointee.nameLength), state: state.count, hasStretch: stretch != nil)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: size))
        bytes.withUnsafeMutableBytes { all in
            let record = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            func put(_ value: some FixedWidthInteger, _ offset: Int) {
                record.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
            }
            let slotValue = stream.pointee
            put(stretch == nil ? version : versionWithStretch, 0)
            put(slotValue.nameLength, 1)
            put(slotValue.boot, 4)
            put(slotValue.next, 8)
            put(slotValue.due, 16)
            put(slotValue.sequenceStart, 24)
            put(slotValue.updates, 32)
            put(slotValue.lastRead, 40)
            put(slotValue.lastReadTime, 48)
            put(slotValue.results, 56)
            put(slotValue.omitted, 64)
            put(slotValue.lost, 68)
            put(heard, 72)
            put(slotValue.increment.bitPattern, 76)
            put(slotValue.publishedLabel, 80)
            put(slotValue.candidateLabel, 84)
            put(slotValue.streak, 88)
            put(UInt32(state.count), 92)
            put(identity, 96)
            put(kernels.bytes, 104)
            StreamSlot.withName(stream) { name in
                put(UInt16(shard(of: name)), 2)
                UnsafeMutableRawBufferPointer(rebasing: record[headSize...]).copyMemory(from: name)
            }
            let offset = headSize + Int(slotValue.nameLength)
            // Float32 in memory is little-endian on every machine that skipd runs on.
            UnsafeMutableRawBufferPointer(rebasing: record[offset...]).copyMemory(from: UnsafeRawBufferPointer(state))
            if let stretch { put(stretch.bitPattern, size - 12) }
            put(checksum(UnsafeRawBufferPointer(rebasing: record[..<(size - 8)]), slot), size - 8)
        }
    }

    /// Reads and checks a record.
    init(_ bytes: UnsafeRawBufferPointer, slot number: UInt32) throws(StreamRecordError) {
        guard bytes.count >= Self.headSize + 8 else { throw .length }
        func get<Value: FixedWidthInteger>(_ offset: Int, _: Value.Type = Value.self) -> Value {
            Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        let hasStretch = get(0, UInt8.self) == Self.versionWithStretch
        guard hasStretch || get(0, UInt8.self) == Self.version else { throw .version }
        let (nameLength, stateSize) = (Int(get(1, UInt8.self)), Int(get(92, UInt32.self)))
        guard nameLength > 0, bytes.count == Self.size(name: nameLength, state: stateSize, hasStretch: hasStretch) else { throw .length }
        guard get(bytes.count - 8) == Self.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)]), number) else { throw .checksum }
        name = UnsafeRawBufferPointer(rebasing: bytes[Self.headSize..<(Self.headSize + nameLength)])
        state = UnsafeRawBufferPointer(rebasing: bytes[(Self.headSize + nameLength)...].prefix(4 * stateSize))
        stretch = hasStretch ? Float(bitPattern: get(bytes.count - 12)) : nil
        identity = get(96)
        kernels = KernelName(bytes: get(104))
        var slot = StreamSlot()
        slot.boot = get(4)
        slot.next = get(8)
        slot.due = get(16)
        slot.sequenceStart = get(24)
        slot.updates = get(32)
        slot.lastRead = get(40)
        slot.lastReadTime = get(48)
        slot.results = get(56)
        slot.omitted = get(64)
        slot.lost = get(68)
        slot.heard = get(72)
        slot.increment = Float(bitPattern: get(76))
        slot.publishedLabel = get(80)
        slot.candidateLabel = get(84)
        slot.streak = get(88)
        self.slot = slot
        guard SampleFrames.isValidName(name), get(2, UInt16.self) == UInt16(shard(of: name)) else { throw .name }
        guard isInRange(stateSize), stretch.map({ $0 >= 1 && $0.isFinite }) ?? true else { throw .range }
        guard isStateFinite else { throw .state }
    }

    private func isInRange(_ stateSize: Int) -> Bool {
        let (limit, most) = (Self.limit, SampleHeader.maximumTimestep)
        guard slot.next <= most, slot.sequenceStart <= slot.next, slot.updates <= slot.next - slot.sequenceStart,
              slot.results < limit, slot.increment >= 0, slot.increment <= 1,
              slot.publishedLabel >= StreamSlot.noLabel, slot.candidateLabel >= StreamSlot.noLabel, slot.streak < UInt32.max / 2 else { return false }
        if slot.updates == 0 { return stateSize == 0 && slot.due == slot.sequenceStart }
        return stateSize > 0 && slot.lastRead >= slot.sequenceStart && slot.lastRead < slot.next && slot.due > slot.lastRead
    }

    private var isStateFinite: Bool {
        var isFinite = true
        for offset in stride(from: 0, to: state.count, by: 4) {
            // An exponent of all ones: infinite or not a number.
            isFinite = isFinite && state.loadUnaligned(fromByteOffset: offset, as: UInt32.self) & 0x7F80_0000 != 0x7F80_0000
        }
        return isFinite
    }
}

/// Why a stored record is not used.
enum StreamRecordError: Error, CustomStringConvertible {
    case version, length, checksum, name, range, state

    var description: String { "\(reason)" }

    /// What is wrong with the record.
    var reason: StaticString {
        switch self {
        case .version: "it was written by another version of skipd"
        case .length: "its length is not what it says"
        case .checksum: "its checksum does not fit its bytes"
        case .name: "its name is not a stream's"
        case .range: "its counters contradict each other"
        case .state: "its state is not finite"
        }
    }
}
