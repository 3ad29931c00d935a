import SkipRNN

/// One JSON object on one line, members in the order in which they are added.
struct JSONObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    var text: String { String(decoding: bytes, as: UTF8.self) + "}" }

    mutating func add(_ key: String, _ value: String) { member(key) { $0.appendJSON(value) } }
    mutating func add(_ key: String, _ value: Bool) { member(key) { $0.append(contentsOf: "\(value)".utf8) } }
    mutating func add(_ key: String, _ value: Int) { member(key) { $0.append(contentsOf: "\(value)".utf8) } }
    /// The shortest text that reads back as the same number; null where JSON has none.
    mutating func add(_ key: String, _ value: Float) { member(key) { $0.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8) } }
    mutating func add(_ key: String, _ value: Double) { member(key) { $0.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8) } }
    mutating func add(_ key: String, _ values: [String]) { list(key, values) { $0.appendJSON($1) } }
    mutating func add(_ key: String, _ values: [Int]) { list(key, values) { $0.append(contentsOf: "\($1)".utf8) } }
    mutating func add(_ key: String, _ values: [Float]) { list(key, values) { $0.append(contentsOf: ($1.isFinite ? "\($1)" : "null").utf8) } }
    mutating func add(_ key: String, _ value: JSONValue) { member(key) { $0.append(contentsOf: value.text.utf8) } }
    mutating func add(_ key: String, _ value: JSONObject) { member(key) { $0.append(contentsOf: value.text.utf8) } }
    mutating func add(_ key: String, _ values: [JSONObject]) { list(key, values) { $0.append(contentsOf: $1.text.utf8) } }

    private mutating func member(_ key: String, _ value: (inout [UInt8]) -> Void) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.appendJSON(key)
        bytes.append(UInt8(ascii: ":"))
        value(&bytes)
    }

    private mutating func list<Value>(_ key: String, _ values: [Value], _ element: (inout [UInt8], Value) -> Void) {
        member(key) { bytes in
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element(&bytes, value)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }
}
