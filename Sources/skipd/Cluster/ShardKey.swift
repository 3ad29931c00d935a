import SkipRNN

/// What the bucket `skipd-shards` says of a shard.
struct ShardKey: Equatable {
    /// The worker that has it; "" for nobody.
    var owner = ""
    /// Counts its owners.
    var epoch: UInt64 = 0
    /// All samples up to this sequence are in the stored states, and their results are stored.
    var position: UInt64 = 0
    /// The key's revision, by which it is compared and set.
    var revision: UInt64 = 0

    init() {}

    /// Reads a key's value; nil where it is none.
    init?(_ bytes: UnsafeRawBufferPointer, revision: UInt64) {
        self.revision = revision
        do throws(JSONError) {
            var (owner, epoch, position) = ("", UInt64(0), UInt64(0))
            var reader = JSONReader(bytes)
            try reader.object { (reader, key) throws(JSONError) in
                if key.equals("owner") { owner = try reader.text().string } else if key.equals("epoch") { epoch = try reader.integer() } else if key.equals("position") {
                    position = try reader.integer()
                } else { try reader.skipValue() }
            }
            (self.owner, self.epoch, self.position) = (owner, epoch, position)
        } catch { return nil }
    }

    var bytes: [UInt8] {
        var bytes = Array(#"{"owner":"#.utf8)
        bytes.appendJSON(owner)
        bytes += #","epoch":\#(epoch),"position":\#(position)}"#.utf8
        return bytes
    }

    static func subject(_ shard: Int) -> String { "$KV.skipd-shards.\(shard)" }
    static func shard(ofSubject subject: String) -> Int? {
        subject.split(separator: ".").last.flatMap { Int($0) }.flatMap { 0..<1024 ~= $0 ? $0 : nil }
    }
}
