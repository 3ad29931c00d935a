import ArgumentParser

/// `skipctl shards`: who owns what.
struct Shards: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows which worker of a cluster owns which shards, and how far it is.",
        discussion: """
            The 1,024 shards share all streams among the workers. A shard's epoch counts its owners; its position is the last sample, by \
            its sequence in JetStream, that is in the stored states; its lag is how many of its samples lie behind that. \
            skipctl asks the NATS servers that [cluster] of the configuration names.
            """)

    @Argument(help: "Shards to show, 0–1023; all that had an owner by default.")
    var shard: [Int] = []
    @Option(help: ArgumentHelp("Only this worker's shards.", valueName: "worker"))
    var owner: String?
    @Flag(help: "Print a JSON object a line.")
    var json = false
    @OptionGroup var configuration: ConfigurationArguments

    func run() throws {
        let client = try configuration.clusterClient()
        let state = try ClusterState(client)
        var table = TextTable([("shard", .right), ("owner", .left), ("epoch", .right), ("position", .right), ("lag", .right)])
        var output = StandardOutput()
        var found = 0
        for each in state.shards where (shard.isEmpty || shard.contains(each.number)) && (owner == nil || owner == each.owner) {
            found += 1
            let lag = each.position >= state.lastSample ? 0 : try client.lag(of: each)
            if json {
                var object = JSONObject()
                object.add("shard", each.number)
                object.add("owner", each.owner)
                object.add("epoch", each.epoch)
                object.add("position", each.position)
                object.add("lag", lag)
                try output.line(object.text)
            } else {
                table.add([String(each.number), each.owner.isEmpty ? "–" : each.owner, grouped(each.epoch), grouped(each.position), grouped(lag)])
            }
        }
        if !json, found > 0 { for line in table.lines(.standardOutput) { try output.line(line) } }
        try output.flush()
        if found == 0 { throw ExitCode.nothingMatched }
    }
}

/// `skipctl status --cluster`.
enum ClusterStatus {
    static func show(_ configuration: ConfigurationArguments, json: Bool) throws {
        let state = try ClusterState(configuration.clusterClient())
        let palette = Palette.standardOutput
        var output = StandardOutput()
        let shares = state.shares.filter { $0.value > 0 || state.workers.contains($0.key) }.sorted { $0.key < $1.key }
        if json {
            var owners = JSONObject()
            for (worker, count) in shares { owners.add(worker, count) }
            var object = JSONObject()
            object.add("workers", state.workers)
            object.add("shards", owners)
            object.add("samples", state.samples)
            object.add("last_sample", state.lastSample)
            object.add("results", state.results)
            try output.line(object.text)
        } else {
            try output.line("\(palette.bold("samples:".padded(to: 15)))\(grouped(state.samples)) kept, the last is number \(grouped(state.lastSample))")
            try output.line("\(palette.bold("results:".padded(to: 15)))\(grouped(state.results)) kept")
            try output.line("")
            var table = TextTable([("worker", .left), ("shards", .right), ("state", .left)])
            for (worker, count) in shares {
                let condition = worker.isEmpty ? "free" : state.workers.contains(worker) ? "lives" : palette.red("gives no sign of life")
                table.add([worker.isEmpty ? "–" : worker, grouped(count), condition])
            }
            for line in table.lines(palette) { try output.line(line) }
        }
        try output.flush()
    }
}
