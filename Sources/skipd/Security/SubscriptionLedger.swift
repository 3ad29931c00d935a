/// Which subscriptions each connection has made, so that none takes back another's: a peer may send unsubscriptions for what it never
/// subscribed to.
///
/// When a connection closes, libzmq tells what it was subscribed to, but not which one it was. Its entries stay until those of many later
/// ones have come; numbers of connections are never used again, so they do no harm. For a connection whose entries are gone,
/// unsubscriptions change nothing: at worst a result is encoded that nobody wants.
struct SubscriptionLedger {
    /// By connection: the prefixes' hashes, and whether they were granted.
    private var entries: [UInt64: [UInt64: Bool]] = [:]
    /// Connections in the order of their first subscription.
    private var order: [UInt64] = []

    private static let mostConnections = 4096
    private static let mostPrefixes = 4096

    /// Notes a subscription.
    /// - Returns: false where the connection has it already.
    mutating func insert(_ prefix: UnsafeRawBufferPointer, of connection: UInt64, isGranted: Bool) -> Bool {
        if entries[connection] == nil {
            order.append(connection)
            if order.count > 2 * Self.mostConnections {
                for old in order.prefix(Self.mostConnections) { entries[old] = nil }
                order.removeFirst(Self.mostConnections)
            }
        }
        let hash = SubscriptionSet.hash(prefix)
        if entries[connection]?[hash] != nil { return false }
        if entries[connection, default: [:]].count < Self.mostPrefixes { entries[connection, default: [:]][hash] = isGranted }
        return true
    }

    /// Takes a subscription out.
    /// - Returns: whether it had been granted; nil where there was none.
    mutating func remove(_ prefix: UnsafeRawBufferPointer, of connection: UInt64) -> Bool? { entries[connection]?.removeValue(forKey: SubscriptionSet.hash(prefix)) }
}
