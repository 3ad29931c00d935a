/// What a sample message says about its payload.
///
/// The binary form, exactly 32 bytes, little-endian:
///
///     0 'S' 'K' | 2 version 1 | 3 flags | 4 dtype | 5 0 | 6 N u16 | 8 seq u64 | 16 ts i64 | 24 boot u32 | 28 0 u32
///
/// Source: `docs/wire.md`.
public struct SampleHeader: Sendable, Equatable {
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The message's first timestep begins a sequence.
        public static let start = Flags(rawValue: 1)
        /// The message's last timestep ends its sequence.
        public static let end = Flags(rawValue: 2)
        static let hasTimestamp = Flags(rawValue: 4)
        static let hasSequenceNumber = Flags(rawValue: 8)
        static let known: Flags = [.start, .end, .hasTimestamp, .hasSequenceNumber]
    }

    /// Only `start` and `end`.
    public var flags: Flags
    public var type: SampleType
    /// N, timesteps in the payload.
    public var count: Int
    /// `seq`, the index of the first timestep; nil where the timesteps follow the last ones received.
    public var firstTimestep: UInt64?
    /// `ts`, the first timestep's time, in nanoseconds since the Unix epoch; nil where it isn't given.
    public var timestamp: Int64?
    /// A number that changes when the device restarts; 0 where it isn't given.
    public var boot: UInt32

    /// The binary form's first byte, by which it is told from JSON.
    package static let mark = UInt8(ascii: "S")
    /// Bytes of the binary form.
    public static let size = 32
    /// seq + N may not exceed it: 2⁵³, so that every index is exact in JSON readers that use Float64.
    public static let maximumTimestep: UInt64 = 1 << 53

    public init(count: Int, type: SampleType = .float32, firstTimestep: UInt64? = nil, timestamp: Int64? = nil, boot: UInt32 = 0, flags: Flags = []) {
        self.flags = flags
        self.type = type
        self.count = count
        self.firstTimestep = firstTimestep
        self.timestamp = timestamp
        self.boot = boot
    }

    /// Reads the binary form; nil where it is malformed.
    @inline(__always)
    package init?(binary bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size, let start = bytes.baseAddress else { return nil }
        // "SK", version 1, and nothing in the reserved bytes.
        let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
        guard word & 0x0000_FF00_00FF_FFFF == 0x0000_0000_0001_4B53 else { return nil }
        let last = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        let all = Flags(rawValue: UInt8(truncatingIfNeeded: word >> 24))
        guard last >> 32 == 0, all.isSubset(of: .known), let type = SampleType(code: UInt8(truncatingIfNeeded: word >> 32)) else { return nil }
        self.type = type
        flags = all.intersection([.start, .end])
        count = Int(word >> 48)
        let sequenceNumber = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        firstTimestep = all.contains(.hasSequenceNumber) ? sequenceNumber : nil
        timestamp = all.contains(.hasTimestamp) ? Int64(littleEndian: start.loadUnaligned(fromByteOffset: 16, as: Int64.self)) : nil
        boot = UInt32(truncatingIfNeeded: last)
        guard isInRange else { return nil }
    }

    /// A Boolean value indicating whether seq + N stays within the largest timestep.
    var isInRange: Bool {
        guard let firstTimestep else { return true }
        return firstTimestep <= Self.maximumTimestep && firstTimestep + UInt64(count) <= Self.maximumTimestep
    }

    /// The binary form. N must fit 16 bits.
    public var binary: [UInt8] {
        precondition((0...Int(UInt16.max)).contains(count), "a message holds at most 65,535 timesteps")
        var flags = flags
        if firstTimestep != nil { flags.insert(.hasSequenceNumber) }
        if timestamp != nil { flags.insert(.hasTimestamp) }
        var bytes: [UInt8] = [0x53, 0x4B, 1, flags.rawValue, type.rawValue, 0]
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        append(UInt16(count))
        append(firstTimestep ?? 0)
        append(timestamp ?? 0)
        append(boot)
        append(UInt32(0))
        return bytes
    }
}
