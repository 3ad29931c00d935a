import NATS
import SkipConfiguration

/// The streams and buckets that a cluster keeps its things in; whoever comes first makes them. Those that are there stay as they are.
enum ClusterStreams {
    static let samples = "skipd-samples"
    static let results = "skipd-results"
    static let states = "skipd-state"
    /// Key-value buckets, as NATS' own tools know them: a key's value is the last message of its subject.
    static let shards = "KV_skipd-shards"
    static let workers = "KV_skipd-workers"

    static func make(_ cluster: Cluster, _ connection: NATSConnection) throws(DaemonError) {
        let second: Int64 = 1_000_000_000
        let keep = max(120, cluster.keep.components.seconds) * second
        // A stream that is full refuses what is new: nothing that waits to be worked off is thrown away for it.
        try make(samples, "samples.*.>", #""max_age":\#(keep),"discard":"new","duplicate_window":\#(120 * second)"#, cluster, connection)
        try make(results, "result.>", #""max_age":\#(keep),"discard":"old","duplicate_window":\#(120 * second)"#, cluster, connection)
        try make(states, "state.*.>", #""max_msgs_per_subject":1,"discard":"new""#, cluster, connection)
        let bucket = #""max_msgs_per_subject":1,"discard":"new","allow_rollup_hdrs":true,"deny_delete":true,"allow_direct":true"#
        try make(shards, "$KV.skipd-shards.>", bucket, cluster, connection)
        let lease = max(1, cluster.lease.components.seconds) * second
        try make(workers, "$KV.skipd-workers.>", bucket + #","max_age":\#(lease),"duplicate_window":\#(lease)"#, cluster, connection)
    }

    private static func make(_ name: String, _ subjects: String, _ settings: String, _ cluster: Cluster, _ connection: NATSConnection) throws(DaemonError) {
        let request = #"{"name":"\#(name)","subjects":["\#(subjects)"],"retention":"limits","storage":"file","num_replicas":\#(cluster.replicas),\#(settings)}"#
        // Servers that have just started may not have agreed on a leader.
        let deadline = Time.monotonic + 30_000_000_000
        while true {
            var reason: String
            do throws(NATSError) {
                let answer = String(decoding: try connection.request("$JS.API.STREAM.CREATE.\(name)", request, timeout: .seconds(5)).copiedBytes, as: UTF8.self)
                // 10058: there is one of that name, with other settings.
                if answer.contains(#""config":"#) || answer.contains(#""err_code":10058"#) { return }
                reason = answer
            } catch { reason = "\(error)" }
            guard Time.monotonic < deadline else { throw DaemonError("[cluster]: JetStream can't make the stream \(name): \(reason)") }
            Time.pause(milliseconds: 250)
        }
    }
}
