/// What each device may subscribe to: its subscription must extend one of its prefixes.
package struct SubscribeGrants: Sendable {
    private let prefixes: [[[UInt8]]]

    /// Nobody may subscribe to anything.
    package init() { prefixes = [] }

    package init(byDevice prefixes: [[String]]) { self.prefixes = prefixes.map { $0.map { Array($0.utf8) } } }

    /// A Boolean value indicating whether a device may subscribe to all topics that begin with a prefix.
    package func allow(_ device: UInt32, _ prefix: UnsafeRawBufferPointer) -> Bool {
        Int(device) < prefixes.count && prefixes[Int(device)].contains { prefix.starts(with: $0) }
    }
}
