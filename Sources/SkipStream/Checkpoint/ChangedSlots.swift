/// Which slots have changed since a checkpoint last took them: one bit a slot.
///
/// A stream's flag `isUnchanged` says that its bit is not known to be set, so that the bit is set once a checkpoint however
/// many messages come. A slot that was freed or taken into use has changed as well, so that removed streams need no list.
struct ChangedSlots {
    private var words: [UInt64] = []

    /// A Boolean value indicating whether no slot has changed; false also where one was, and was taken out again.
    private(set) var isEmpty = true
    /// Slots that have changed.
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func insert(_ slot: UInt32) {
        let word = Int(slot >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: max(word + 1 - words.count, words.count))) }
        isEmpty = false
        words[word] |= 1 << UInt64(slot & 63)
    }

    /// Takes a slot out that is in.
    mutating func remove(_ slot: UInt32) { words[Int(slot >> 6)] &= ~(1 << UInt64(slot & 63)) }

    mutating func formUnion(_ other: ChangedSlots) {
        if words.count < other.words.count { words.append(contentsOf: repeatElement(0, count: other.words.count - words.count)) }
        isEmpty = isEmpty && other.isEmpty
        for index in other.words.indices { words[index] |= other.words[index] }
    }

    /// The first changed slot from `slot` on; nil where there is none.
    func next(from slot: UInt32) -> UInt32? {
        var word = Int(slot >> 6)
        guard word < words.count else { return nil }
        var bits = words[word] & (~0 << UInt64(slot & 63))
        while bits == 0 {
            word += 1
            guard word < words.count else { return nil }
            bits = words[word]
        }
        return UInt32(word << 6 + bits.trailingZeroBitCount)
    }
}
