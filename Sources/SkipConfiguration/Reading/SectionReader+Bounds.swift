import SkipStream

// What bounds a route's updates, each an inline table.

extension SectionReader {
    /// `{ updates_per_second = 50000 }` or `{ cpu = 0.5 }`; nil where it isn't given.
    mutating func budget(_ key: String) -> Budget? {
        read(key, default: nil, text: { $0.map { "{ \($0.name) = \($0.limit) }" } ?? "" }) { (content) throws(Expected) in
            let expected = Expected("{ updates_per_second = 50000 } or { cpu = 0.5 }, a number above 0,")
            guard case .table(let values) = content, values.count == 1, let (name, value) = values.first else { throw expected }
            let number: Double
            switch value {
            case .integer(let value): number = Double(value)
            case .number(let value): number = value
            default: throw expected
            }
            guard number > 0, number.isFinite else { throw expected }
            switch name {
            case "updates_per_second": return .updatesPerSecond(number)
            case "cpu": return .cpu(number)
            default: throw expected
            }
        }
    }

    /// `{ count = 20, timesteps = 200 }`; nil where it isn't given.
    mutating func updateBound(_ key: String) -> UpdateBound? {
        read(key, default: nil, text: { $0.map { "{ count = \($0.count), timesteps = \($0.timesteps) }" } ?? "" }) { (content) throws(Expected) in
            guard case .table(let values) = content, values.count == 2, case .integer(let count) = values["count"], case .integer(let timesteps) = values["timesteps"],
                  1...UpdateBound.largestCount ~= count, timesteps >= count, timesteps <= UpdateBound.largestWindow else {
                throw Expected("{ count = 20, timesteps = 200 }, a count from 1 to \(UpdateBound.largestCount) and at least as many timesteps, up to \(UpdateBound.largestWindow),")
            }
            return UpdateBound(count: count, timesteps: UInt64(timesteps))
        }
    }
}
