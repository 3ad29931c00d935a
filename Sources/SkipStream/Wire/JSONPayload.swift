import SkipRNN

/// A headerless payload in JSON: `{"x": [[…], …], "seq": …, "ts": …}` or the bare array; one timestep may stand without its brackets.
package struct JSONPayload {
    /// What the object says besides the timesteps.
    package private(set) var header = SampleHeader(count: 0)
    /// F of the first timestep; 0 where there is none.
    package private(set) var features = 0

    package enum Problem: Error { case malformed, wrongFeatures }

    /// Reads a payload, appending its timesteps to `numbers`, (N, F) row-major. Numbers too large for Float32 become infinite.
    package init(_ text: UnsafeRawBufferPointer, into numbers: inout [Float]) throws(Problem) {
        let start = numbers.count
        var reader = JSONReader(text)
        var rowProblem = false
        do {
            if reader.peek() == UInt8(ascii: "[") {
                try readTimesteps(&reader, &numbers, &rowProblem)
            } else {
                try readObject(&reader, &numbers, &rowProblem)
            }
            try reader.end()
        } catch {
            numbers.removeSubrange(start...)
            throw .malformed
        }
        guard header.isInRange, !rowProblem else {
            numbers.removeSubrange(start...)
            throw rowProblem ? .wrongFeatures : .malformed
        }
    }

    private mutating func readObject(_ reader: inout JSONReader, _ numbers: inout [Float], _ rowProblem: inout Bool) throws(JSONError) {
        var members = JSONMembers()
        try reader.object { (reader, key) throws(JSONError) in
            if key.equals("x") {
                try members.note(.x, reader)
                try readTimesteps(&reader, &numbers, &rowProblem)
            } else {
                try header.read(key, &reader, &members)
            }
        }
        guard members.contains(.x) else { throw reader.fail("x is missing") }
    }

    /// `[[…], …]`, or `[…]` for one timestep.
    private mutating func readTimesteps(_ reader: inout JSONReader, _ numbers: inout [Float], _ rowProblem: inout Bool) throws(JSONError) {
        var loose = 0
        try reader.array { (reader) throws(JSONError) in
            guard reader.peek() == UInt8(ascii: "[") else {
                guard header.count == 0 else { throw reader.fail("timesteps and numbers are mixed") }
                numbers.append(Float(try reader.double()))
                loose += 1
                return
            }
            guard loose == 0 else { throw reader.fail("timesteps and numbers are mixed") }
            let start = numbers.count
            try reader.array { (reader) throws(JSONError) in numbers.append(Float(try reader.double())) }
            let width = numbers.count - start
            if header.count == 0 { features = width } else if width != features { rowProblem = true }
            header.count += 1
        }
        if loose > 0 { (header.count, features) = (1, loose) }
    }
}
