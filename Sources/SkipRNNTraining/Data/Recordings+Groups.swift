public import SkipRNN

extension Recordings {
    /// The groups there are, ascending; where a file has no groups, each recording is its own.
    public var distinctGroups: [Int] { groups.map { Set($0).sorted() } ?? Array(0..<count) }

    /// What a group is called: its folder's or stream's name, or its number where it has none.
    public func name(ofGroup group: Int) -> String { groupNames.indices.contains(group) ? groupNames[group] : "\(group)" }

    /// A group by its name, or by its number where the groups have no names.
    /// - Throws: `FileFormatError` that lists the groups there are.
    public func group(named name: String) throws(FileFormatError) -> Int {
        let groups = distinctGroups
        guard let group = groups.first(where: { self.name(ofGroup: $0) == name }) else {
            let known = groups.prefix(20).map { self.name(ofGroup: $0) }.joined(separator: ", ")
            throw FileFormatError(file, "has no group \(name); its groups are \(known)\(groups.count > 20 ? ", …" : "")")
        }
        return group
    }
}
