import CMachine

/// The shortest of several measurements: on a machine that others use too, what is least disturbed is nearest to the truth.
struct Shortest {
    private(set) var seconds = Double.infinity

    /// Times `repeats` calls and keeps the mean of one if it is the shortest yet.
    mutating func time(_ repeats: Int, _ body: () -> Void) {
        let start = machine_now()
        for _ in 0..<repeats { body() }
        note((machine_now() - start) / Double(repeats))
    }

    mutating func note(_ seconds: Double) { self.seconds = min(self.seconds, seconds) }

    var nanoseconds: Double { seconds * 1e9 }
}

/// One JSON object on a line of its own.
func report(_ pairs: KeyValuePairs<String, any CustomStringConvertible>) {
    let fields = pairs.map { key, value in value is String ? "\"\(key)\": \"\(value)\"" : "\"\(key)\": \(value)" }
    print("{\(fields.joined(separator: ", "))}")
}
