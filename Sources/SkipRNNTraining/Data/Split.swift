public import SkipRNN

/// Which recordings train, which validate and which test; a group (a person, a device) is never divided.
public struct Split: Sendable, Equatable {
    public var training: [Int]
    public var validation: [Int]
    public var test: [Int]

    /// Divides recordings by group; where a file has no groups, each recording is its own.
    /// - Parameters:
    ///   - validationGroups, testGroups: the groups held out by number.
    ///   - validationFraction, testFraction: where no groups are named, the share of groups that validate and test, drawn by `seed`.
    ///   - keepsTraining: whether something must be left to train on.
    /// - Throws: `FileFormatError` where a named group does not exist or nothing is left to train on.
    public init(_ recordings: Recordings, validationGroups: [Int] = [], testGroups: [Int] = [], validationFraction: Double = 0, testFraction: Double = 0, keepsTraining: Bool = true, seed: UInt64 = 1) throws(FileFormatError) {
        let groups = recordings.groups ?? Array(0..<recordings.count)
        let all = Set(groups)
        for group in validationGroups + testGroups where !all.contains(group) { _ = try recordings.group(named: "\(group)") }
        var (held, tested) = (Set(validationGroups), Set(testGroups))
        var rest = all.subtracting(held).subtracting(tested).sorted()
        let available = rest.count
        var random = SeededRandom(seed, -2)
        random.shuffle(&rest)
        func draw(_ fraction: Double) -> Set<Int> {
            // At least one group, and one must be left to train on.
            let count = min(max(Int((fraction * Double(available)).rounded()), 1), max(rest.count - 1, 0))
            defer { rest.removeFirst(count) }
            return Set(rest.prefix(count))
        }
        if held.isEmpty, validationFraction > 0 { held = draw(validationFraction) }
        if tested.isEmpty, testFraction > 0 { tested = draw(testFraction) }
        training = groups.indices.filter { !held.contains(groups[$0]) && !tested.contains(groups[$0]) }
        validation = groups.indices.filter { held.contains(groups[$0]) && !tested.contains(groups[$0]) }
        test = groups.indices.filter { tested.contains(groups[$0]) }
        guard !training.isEmpty || !keepsTraining else { throw FileFormatError(recordings.file, "leaves nothing to train on: all \(all.count) groups are held out") }
    }
}
