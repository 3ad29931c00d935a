/// Some rows of a batch part, in ascending order.
final class RowList: @unchecked Sendable { // one thread works on a batch part
    private(set) var rows: UnsafeMutablePointer<Int32>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 1) {
        self.capacity = max(capacity, 1)
        rows = .allocate(capacity: self.capacity)
    }

    deinit { rows.deallocate() }

    /// Empties the list and makes room.
    func reset(capacity: Int) {
        count = 0
        guard capacity > self.capacity else { return }
        rows.deallocate()
        self.capacity = capacity
        rows = .allocate(capacity: capacity)
    }

    func append(_ row: Int) {
        rows[count] = Int32(truncatingIfNeeded: row)
        count += 1
    }

    /// Copies the rows (`width` floats each) one after the other.
    func gather(_ from: UnsafeMutablePointer<Float>, _ width: Int, into: UnsafeMutablePointer<Float>) {
        for i in 0..<count { (into + i * width).update(from: from + Int(rows[i]) * width, count: width) }
    }

    /// The opposite of `gather`.
    func scatter(_ from: UnsafeMutablePointer<Float>, _ width: Int, into: UnsafeMutablePointer<Float>) {
        for i in 0..<count { (into + Int(rows[i]) * width).update(from: from + i * width, count: width) }
    }
}
