import ArgumentParser
import SkipStream

/// What `skipctl top` orders streams by.
enum TopOrder: String, CaseIterable, ExpressibleByArgument {
    case rate, updates, lost, idle, name

    /// The key that chooses it.
    var key: Character { rawValue.first ?? " " }

    /// The daemon's order by which the streams are chosen that can rank first.
    var daemonOrder: String {
        switch self {
        case .rate, .updates: StreamOrder.idle.rawValue
        case .lost: "-" + StreamOrder.lost.rawValue
        case .idle: "-" + StreamOrder.idle.rawValue
        case .name: StreamOrder.name.rawValue
        }
    }

    /// A Boolean value indicating whether `a` is shown before `b`; names decide between equals.
    func precedes(_ a: TopStream, _ b: TopStream) -> Bool {
        let (x, y): (Double, Double) = switch self {
        case .rate: (b.rate ?? -1, a.rate ?? -1)
        case .updates: (b.reads, a.reads)
        case .lost: (Double(b.reply.lost), Double(a.reply.lost))
        case .idle: (Double(b.reply.idleSeconds), Double(a.reply.idleSeconds))
        case .name: (0, 0)
        }
        return x == y ? a.reply.stream < b.reply.stream : x < y
    }
}

/// A stream as `skipctl top` shows it.
struct TopStream {
    let reply: StreamReply
    /// Timesteps a second that it has moved on; nil where it was not seen before.
    let rate: Double?
    /// The share of the sequence's timesteps that were read.
    var reads: Double { reply.timesteps == 0 ? 0 : Double(reply.updates) / Double(reply.timesteps) }
}
