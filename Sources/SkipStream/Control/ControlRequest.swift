/// A request on the control socket: one JSON object, e.g. `{"op":"streams","prefix":"watch/","limit":20}`.
public struct ControlRequest: Codable, Sendable, Equatable {
    /// What can be asked for.
    public enum Operation: String, Sendable, CaseIterable {
        case status, streams, stream, reset, models, routes, stretch, promote, reload, checkpoint, drain, export
        case takeOver = "import"
    }

    /// The operation's name; `operation` is nil where there is none of that name.
    public var op: String
    /// A stream's name: for `stream`, `reset` and `stretch`.
    public var stream: String?
    /// What names begin with: for `streams` and `export`, and for `reset` of several.
    public var prefix: String?
    /// Streams in a reply at most. The default is 100.
    public var limit: Int?
    /// Where the last reply said to go on.
    public var cursor: UInt64?
    /// A key of `StreamOrder`; with a `-` before it, from the largest down. Without it the order is the daemon's own.
    public var sort: String?
    /// The text of a route's pattern: for `stretch` and `promote`.
    public var route: String?
    /// κ, at least 1: for `stretch`. Without it the configuration's is put back.
    public var stretch: Float?
    /// What `export` gave, each in Base64: for `import`.
    public var records: [String]?

    public init(_ operation: Operation, stream: String? = nil, prefix: String? = nil, limit: Int? = nil, cursor: UInt64? = nil, sort: String? = nil) {
        op = operation.rawValue
        self.stream = stream
        self.prefix = prefix
        self.limit = limit
        self.cursor = cursor
        self.sort = sort
    }

    /// Reads a request. Of a number that its type can't hold, the error names the key; the decoder's own says that there is no JSON at all.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func number<Value: Decodable>(_ key: CodingKeys, _: Value.Type) throws -> Value? {
            do {
                return try values.decodeIfPresent(Value.self, forKey: key)
            } catch let error as DecodingError {
                throw error
            } catch {
                // An error of the decoder's own, which it would make "not valid JSON" of.
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "\(error)")
            }
        }
        op = try values.decode(String.self, forKey: .op)
        stream = try values.decodeIfPresent(String.self, forKey: .stream)
        prefix = try values.decodeIfPresent(String.self, forKey: .prefix)
        limit = try number(.limit, Int.self)
        cursor = try number(.cursor, UInt64.self)
        sort = try values.decodeIfPresent(String.self, forKey: .sort)
        route = try values.decodeIfPresent(String.self, forKey: .route)
        stretch = try number(.stretch, Float.self)
        records = try values.decodeIfPresent([String].self, forKey: .records)
    }

    /// The operation; nil where there is none of that name.
    public var operation: Operation? { Operation(rawValue: op) }
}

/// What streams can be listed by.
public enum StreamOrder: String, Sendable, CaseIterable {
    case name, idle, updates, timesteps, results, lost, omitted

    /// A Boolean value indicating whether `a` comes before `b`; names decide between equals.
    public func precedes(_ a: StreamStatus, _ b: StreamStatus) -> Bool {
        let (x, y): (UInt64, UInt64) = switch self {
        case .name: (0, 0)
        case .idle: (UInt64(a.idleSeconds), UInt64(b.idleSeconds))
        case .updates: (a.updates, b.updates)
        case .timesteps: (a.timesteps, b.timesteps)
        case .results: (a.results, b.results)
        case .lost: (UInt64(a.lost), UInt64(b.lost))
        case .omitted: (a.omitted, b.omitted)
        }
        return x == y ? a.name < b.name : x < y
    }
}
