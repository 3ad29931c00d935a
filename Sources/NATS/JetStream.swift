// What every reader of a JetStream stream needs of JetStream's own protocol
// (https://docs.nats.io/reference/reference-protocols/nats_api_reference).

/// A consumer that nobody has to remove: in memory, without acknowledgements, gone half a minute after its last use.
public enum JetStreamConsumer {
    /// Where it begins.
    public enum Start: Equatable, Sendable {
        case new
        case lastPerSubject
        case sequence(UInt64)
    }

    /// The body of a request to `$JS.API.CONSUMER.CREATE.<stream>`.
    /// - Parameter filter: a pattern of subjects, nil for all; characters that JSON escapes may not be in it.
    public static func request(stream: String, filter: String? = nil, start: Start) -> String {
        let policy = switch start {
        case .new: #""deliver_policy":"new""#
        case .lastPerSubject: #""deliver_policy":"last_per_subject""#
        case .sequence(let first): #""deliver_policy":"by_start_sequence","opt_start_seq":\#(max(1, first))"#
        }
        let filtered = filter.map { #","filter_subject":"\#($0)""# } ?? ""
        return #"{"stream_name":"\#(stream)","config":{"ack_policy":"none","mem_storage":true,"num_replicas":1,"inactive_threshold":30000000000\#(filtered),\#(policy)}}"#
    }
}

/// Where a message is from that a consumer delivers, as its reply subject says.
public struct JetStreamPlace {
    /// `<stream>.<consumer>`.
    public let consumer: Substring
    /// The message's sequence in the stream, and the consumer's own count.
    public let sequence, number: UInt64
    /// When it was stored, in nanoseconds since the Unix epoch.
    public let time: Int64

    /// Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<number>.<time>.<pending>`; later servers have two tokens more in front of the stream, and one behind.
    public init?(_ message: NATSMessage) {
        guard let reply = message.reply, reply.hasPrefix("$JS.ACK.") else { return nil }
        let tokens = reply.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count >= 9 else { return nil }
        let first = tokens.count > 9 ? 4 : 2
        guard let sequence = UInt64(tokens[first + 3]), let number = UInt64(tokens[first + 4]), let time = Int64(tokens[first + 5]) else { return nil }
        consumer = reply[tokens[first].startIndex..<tokens[first + 1].endIndex]
        (self.sequence, self.number, self.time) = (sequence, number, time)
    }
}
