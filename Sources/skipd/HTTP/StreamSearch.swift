/// What a search for streams found.
struct StreamSearch: Sendable, Equatable {
    /// In byte order, at most as many as asked for.
    var names: [[UInt8]] = []
    /// All that match.
    var total = 0
    private var limit: Int

    init(limit: Int) { self.limit = limit }

    /// Takes a match in, in any order.
    mutating func insert(_ name: UnsafeRawBufferPointer) {
        total += 1
        if names.count == limit, let last = names.last, !name.lexicographicallyPrecedes(last) { return }
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle].lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        names.insert([UInt8](name), at: low)
        if names.count > limit { names.removeLast() }
    }
}
