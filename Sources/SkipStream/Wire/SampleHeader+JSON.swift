import SkipRNN

extension SampleHeader {
    /// A JSON header: `{"dtype": "<f4", "shape": [N, F], "seq": …, "ts": …, "boot": …, "start": …, "end": …}`.
    struct JSON {
        var header = SampleHeader(count: 0)
        /// F as the sender has it.
        var features = 0
    }

    /// Reads a JSON header; nil where it is malformed: not JSON, a key unknown or repeated, dtype or shape missing, a number out of range.
    static func json(_ text: UnsafeRawBufferPointer) -> JSON? {
        var result = JSON()
        var seen: UInt8 = 0
        var reader = JSONReader(text)
        do {
            try reader.object { (reader, key) throws(JSONError) in
                func once(_ bit: UInt8) throws(JSONError) {
                    guard seen & bit == 0 else { throw reader.fail("a key is repeated") }
                    seen |= bit
                }
                if key.equals("dtype") {
                    try once(1)
                    guard let type = SampleType(numpy: try reader.text().string) else { throw reader.fail("the dtype is unknown") }
                    result.header.type = type
                } else if key.equals("shape") {
                    try once(2)
                    (result.header.count, result.features) = try shape(&reader)
                } else if reader.peek() == UInt8(ascii: "n") {
                    try reader.null()
                } else if key.equals("seq") {
                    try once(4)
                    result.header.firstTimestep = try reader.integer()
                } else if key.equals("ts") {
                    try once(8)
                    result.header.timestamp = try reader.integer()
                } else if key.equals("boot") {
                    try once(16)
                    result.header.boot = try reader.integer()
                } else if key.equals("start") {
                    try once(32)
                    if try reader.bool() { result.header.flags.insert(.start) }
                } else if key.equals("end") {
                    try once(64)
                    if try reader.bool() { result.header.flags.insert(.end) }
                } else {
                    throw reader.fail("a key is unknown")
                }
            }
            try reader.end()
        } catch {
            return nil
        }
        return seen & 3 == 3 && result.header.isInRange ? result : nil
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
