import Glibc

/// One stream's record: 128 bytes, two cache lines. A skipped timestep touches the first line only.
///
///     line 0: next event boot heard row route nameLength flags name (24 bytes) omitted lost
///     line 1: due sequenceStart lastRead lastReadTime results updates increment labels streak
struct StreamSlot: BitwiseCopyable {
    // Line 0: what every message needs.

    /// The next timestep expected.
    var next: UInt64 = 0
    /// Timesteps before this one need nothing but counting: no update is due, no result, no sequence end.
    var event: UInt64 = 0
    /// The device's boot number; 0 where it gave none.
    var boot: UInt32 = 0
    /// When a message last came, in seconds since the processor's start.
    var heard: UInt32 = 0
    /// The state's row in the route's slab; `noRow` until the first update.
    var row: UInt32 = Self.noRow
    /// Index into the route table.
    var route: UInt16 = 0
    /// Bytes of the name; 0 for a slot that is free.
    var nameLength: UInt8 = 0
    var flags: Flags = []
    /// The name, where it has at most 24 bytes; else its address comes first.
    private var name0: UInt64 = 0
    private var name1: UInt64 = 0
    private var name2: UInt64 = 0
    /// Timesteps that never came and would not have been read; stops at its largest value.
    var omitted: UInt32 = 0
    /// Timesteps that never came and would have been read, or could have been; stops at its largest value.
    var lost: UInt32 = 0

    // Line 1: what updates and results need.

    /// The timestep at which the next update is due: at the first one received from here on; `never` for none.
    var due: UInt64 = 0
    /// The sequence's first timestep.
    var sequenceStart: UInt64 = 0
    /// The last timestep read.
    var lastRead: UInt64 = 0
    /// Its time, in nanoseconds since the Unix epoch.
    var lastReadTime: Int64 = 0
    /// n, results so far.
    var results: UInt64 = 0
    /// Updates since the sequence began. While it is 0 the state is the model's initial one, whatever its row holds.
    var updates: UInt64 = 0
    /// Δũ as accumulated since the last update.
    var increment: Float = 1
    /// Index of the label last published, or `noLabel`.
    var publishedLabel: Int32 = Self.noLabel
    /// Index of the label that may be published once it has held long enough, or `noLabel`.
    var candidateLabel: Int32 = Self.noLabel
    /// Updates in a row with the candidate label.
    var streak: UInt32 = 0

    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// A message of the stream waits in the block for an update.
        static let isPending = Flags(rawValue: 1)
        /// An event of the kind was published in the second in which the stream was last heard of.
        static let toldLost = Flags(rawValue: 2), toldReset = Flags(rawValue: 4), toldRejected = Flags(rawValue: 8)
        static let told: Flags = [.toldLost, .toldReset, .toldRejected]
        /// Nothing has changed since a checkpoint took the stream.
        static let isUnchanged = Flags(rawValue: 16)
        /// Not heard of since it was taken back from the store.
        static let isRestored = Flags(rawValue: 32)
        /// Taken back without its state, which nobody has been told yet.
        static let isBegunAnew = Flags(rawValue: 64)
        /// What keeps a message off the way of skipped timesteps.
        static let needsCare: Flags = [.isPending, .isUnchanged, .isRestored]
        /// Somebody looks at the stream: what happens to it is noted in its timeline.
        static let isWatched = Flags(rawValue: 128)
    }

    static let never = UInt64.max
    static let noRow = UInt32.max
    static let noLabel: Int32 = -1
    private static let inlineName = 24
    private static let nameOffset = 32

    init() {}

    /// Calls `body` with the name's bytes.
    @inline(__always)
    static func withName<Result>(_ slot: UnsafeMutablePointer<StreamSlot>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let length = Int(slot.pointee.nameLength)
        return body(UnsafeRawBufferPointer(start: nameAddress(slot, length), count: length))
    }

    @inline(__always)
    private static func nameAddress(_ slot: UnsafeMutablePointer<StreamSlot>, _ length: Int) -> UnsafeRawPointer? {
        length <= inlineName ? UnsafeRawPointer(slot) + nameOffset : UnsafeRawPointer(bitPattern: UInt(slot.pointee.name0))
    }

    /// A Boolean value indicating whether the slot is in use under this name.
    @inline(__always)
    static func hasName(_ slot: UnsafeMutablePointer<StreamSlot>, _ name: UnsafeRawBufferPointer) -> Bool {
        let length = Int(slot.pointee.nameLength)
        guard length == name.count, let start = name.baseAddress, let own = nameAddress(slot, length) else { return false }
        return memcmp(own, start, length) == 0
    }

    /// Takes a free slot into use under a name of 1–255 bytes.
    static func occupy(_ slot: UnsafeMutablePointer<StreamSlot>, _ name: UnsafeRawBufferPointer) {
        slot.initialize(to: StreamSlot())
        guard let start = name.baseAddress else { return }
        slot.pointee.nameLength = UInt8(name.count)
        if name.count <= inlineName {
            (UnsafeMutableRawPointer(slot) + nameOffset).copyMemory(from: start, byteCount: name.count)
        } else {
            guard let copy = malloc(name.count) else { fatalError("out of memory for a stream's name") }
            copy.copyMemory(from: start, byteCount: name.count)
            slot.pointee.name0 = UInt64(UInt(bitPattern: copy))
        }
    }

    /// Frees a slot.
    static func vacate(_ slot: UnsafeMutablePointer<StreamSlot>) {
        if Int(slot.pointee.nameLength) > inlineName { free(UnsafeMutableRawPointer(bitPattern: UInt(slot.pointee.name0))) }
        slot.initialize(to: StreamSlot())
    }
}
