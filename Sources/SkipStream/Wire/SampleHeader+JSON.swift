import SkipRNN

extension SampleHeader {
    /// A JSON header: `{"dtype": "<f4", "shape": [N, F], "seq": …, "ts": …, "boot": …, "start": …, "end": …}`.
    package struct JSON {
        package var header = SampleHeader(count: 0)
        /// F as the sender has it.
        package var features = 0
    }

    /// Reads a JSON header; nil where it is malformed: not JSON, a key unknown or repeated, dtype or shape missing, a number out of range.
    package static func json(_ text: UnsafeRawBufferPointer) -> JSON? {
        var result = JSON()
        var members = JSONMembers()
        var reader = JSONReader(text)
        do {
            try reader.object { (reader, key) throws(JSONError) in
                if key.equals("dtype") {
                    try members.note(.dtype, reader)
                    guard let type = SampleType(numpy: try reader.text().string) else { throw reader.fail("the dtype is unknown") }
                    result.header.type = type
                } else if key.equals("shape") {
                    try members.note(.shape, reader)
                    (result.header.count, result.features) = try shape(&reader)
                } else {
                    try result.header.read(key, &reader, &members)
                }
            }
            try reader.end()
        } catch {
            return nil
        }
        return members.isSuperset(of: [.dtype, .shape]) && result.header.isInRange ? result : nil
    }

    /// Reads one of the members that headers and JSON payloads share; null is as if it were not there.
    mutating func read(_ key: JSONReader.Text, _ reader: inout JSONReader, _ members: inout JSONMembers) throws(JSONError) {
        guard let member = JSONMembers(key) else { throw reader.fail("a key is unknown") }
        try members.note(member, reader)
        guard reader.peek() != UInt8(ascii: "n") else { return try reader.null() }
        switch member {
        case .seq: firstTimestep = try reader.integer()
        case .ts: timestamp = try reader.integer()
        case .boot: boot = try reader.integer()
        case .start: if try reader.bool() { flags.insert(.start) }
        default: if try reader.bool() { flags.insert(.end) }
        }
    }

    /// `[N, F]`, or `[F]` for one timestep.
    private static func shape(_ reader: inout JSONReader) throws(JSONError) -> (count: Int, features: Int) {
        var dimensions: (Int, Int) = (0, 0)
        var rank = 0
        try reader.array { (reader) throws(JSONError) in
            let dimension = try reader.integer(Int32.self)
            guard dimension >= 0, rank < 2 else { throw reader.fail("the shape is not [N, F]") }
            if rank == 0 { dimensions.0 = Int(dimension) } else { dimensions.1 = Int(dimension) }
            rank += 1
        }
        guard rank > 0 else { throw reader.fail("the shape is empty") }
        return rank == 2 ? dimensions : (1, dimensions.0)
    }
}

/// Members that an object has had: each may stand there once.
struct JSONMembers: OptionSet {
    let rawValue: UInt8
    static let dtype = JSONMembers(rawValue: 1), shape = JSONMembers(rawValue: 2), x = JSONMembers(rawValue: 4)
    static let seq = JSONMembers(rawValue: 8), ts = JSONMembers(rawValue: 16), boot = JSONMembers(rawValue: 32)
    static let start = JSONMembers(rawValue: 64), end = JSONMembers(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// One of the members that headers and JSON payloads share; nil for any other key.
    init?(_ key: JSONReader.Text) {
        if key.equals("seq") { self = .seq }
        else if key.equals("ts") { self = .ts }
        else if key.equals("boot") { self = .boot }
        else if key.equals("start") { self = .start }
        else if key.equals("end") { self = .end }
        else { return nil }
    }

    mutating func note(_ member: JSONMembers, _ reader: JSONReader) throws(JSONError) {
        guard insert(member).inserted else { throw reader.fail("a key is repeated") }
    }
}
