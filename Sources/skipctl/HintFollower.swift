import SkipConfiguration
import SkipStream

/// Hints on their way to a device that sleeps, and what its sleep saved.
final class HintFollower {
    private var subscription: Subscription
    private var sent = SampleTrack.Traffic()
    private var whole = SampleTrack.Traffic()

    init(_ endpoint: Endpoint, _ streams: [String], keys: KeyArguments) throws {
        subscription = try Subscription(endpoint, topics: streams.map { PublishedMessage.Kind.hint.prefix + $0 }, keys: keys.load())
    }

    /// Tells the tracks what has come.
    func read(into tracks: inout [SampleTrack]) throws {
        while let frames = try subscription.receive(until: .now) {
            guard let hint = PublishedMessage(frames), hint.kind == .hint, let next = hint.body["next_seq"]?.integer, let boot = hint.body["boot"]?.integer else { continue }
            for index in tracks.indices where tracks[index].stream == hint.stream { tracks[index].sleep(until: UInt64(max(0, next)), boot: UInt32(clamping: boot)) }
        }
    }

    /// Counts what a track that has ended sent, and would have sent.
    func count(_ track: SampleTrack) {
        sent.add(track.sent)
        whole.add(track.whole)
    }

    var sentence: String {
        let silent = whole.timesteps - sent.timesteps
        return "\(grouped(silent)) of \(counted(whole.timesteps, "timestep")) never sent (\(percentage(silent, of: whole.timesteps))); "
            + "\(counted(sent.messages, "message")) and \(counted(sent.bytes, "byte")) in place of \(grouped(whole.messages)) and \(grouped(whole.bytes)) "
            + "(\(percentage(whole.bytes - sent.bytes, of: whole.bytes)) saved)"
    }

    var object: JSONObject {
        var object = JSONObject()
        object.add("timesteps", whole.timesteps)
        object.add("never_sent", whole.timesteps - sent.timesteps)
        object.add("messages", sent.messages)
        object.add("messages_without_hints", whole.messages)
        object.add("bytes", sent.bytes)
        object.add("bytes_without_hints", whole.bytes)
        return object
    }
}
