import SkipStream

/// Every metric that skipd has, in the order of `/metrics`. `docs/metrics.md` describes the same ones; a test compares them.
///
/// Base units, `_total` on counters, and never a stream's name as a label: a million streams would be a million series.
package enum Metrics {
    package static let all = samples + updates + cost + streams + work + operation + cluster + process

    /// The whole of `/metrics`, in Prometheus' text format 0.0.4.
    static func text(_ daemon: DaemonStatus, _ process: ProcessStatus) -> String {
        var text = ""
        for metric in all { metric.write(daemon, process, to: &text) }
        return text
    }

    private static let samples = [
        Metric("skipd_messages_total", .counter, "Messages received, unusable ones included") { daemon, _ in
            Double(daemon.loop.counters.messages)
        },
        Metric("skipd_dropped_messages_total", .counter, "Messages that could not be used, by cause", labels: ["cause"]) { daemon, _ in
            DropCause.allCases.map { Metric.Sample(labels: [("cause", $0.rawValue)], value: Double(daemon.loop.counters[$0])) }
        },
        Metric("skipd_timesteps_total", .counter, "Timesteps by what became of them; those omitted or lost never arrived", labels: ["fate"]) { daemon, _ in
            let counters = daemon.loop.counters
            let fates = [
                ("updated", counters.updated), ("skipped", counters.skipped), ("stale", counters.stale),
                ("rejected", counters.rejected), ("omitted", counters.omitted), ("lost", counters.lost),
            ]
            return fates.map { Metric.Sample(labels: [("fate", $0.0)], value: Double($0.1)) }
        },
        Metric("skipd_results_total", .counter, "Results published, or counted for want of a subscriber") { daemon, _ in
            Double(daemon.loop.counters.results)
        },
        Metric("skipd_lag_seconds", .gauge, "Age of the oldest sample not yet worked off") { daemon, _ in daemon.loop.lag / .seconds(1) },
    ]

    private static let updates = [
        perModel("skipd_model_updates_total", .counter, "State updates by model") { Double($0.updates) },
        perModel("skipd_model_timesteps_total", .counter, "Timesteps passed by model, counted at updates and sequence ends") { Double($0.timesteps) },
        perModel("skipd_model_update_ratio", .gauge, "Share of timesteps that were read since the model was loaded, by model") {
            $0.timesteps == 0 ? 0 : Double($0.updates) / Double($0.timesteps)
        },
        perModel("skipd_model_streams", .gauge, "Streams by model") { Double($0.streams) },
        Metric("skipd_model_info", .gauge, "Models in force, with the hash of their weights", labels: ["model", "identity"]) { daemon, _ in
            daemon.loop.models.map { Metric.Sample(labels: [("model", $0.name), ("identity", $0.identity)], value: 1) }
        },
        Metric("skipd_update_batch_streams", .histogram, "Streams updated together in one call") { daemon, _ in
            let sizes = daemon.loop.batchSizes
            guard sizes.count > 1 else { return [] }
            let sum = sizes.enumerated().reduce(0) { $0 + $1.offset * Int($1.element) }
            return Metric.histogram(bounds: (1..<sizes.count).map(Double.init), counts: sizes.dropFirst() + [0], sum: Double(sum))
        },
    ]

    private static let cost = [
        perRoute("skipd_route_updates_total", .counter, "State updates by route, since it came into force") { Double($0.updates) },
        perRoute("skipd_route_streams", .gauge, "Streams by route") { Double($0.streams) },
        perRoute("skipd_route_stretch", .gauge, "What the update probability increment is divided by, by route") { Double($0.stretch) },
        perBudget("skipd_route_budget", "What updates may cost a second, by route") { $0.budget.limit },
        perBudget("skipd_route_load", "What updates cost a second, by route with a budget") { $0.load },
        perBudget("skipd_route_budget_exceeded", "Whether all that a route can shed is shed and it is not enough, 1 or 0") { $0.isExceeded ? 1 : 0 },
        perShadow("skipd_shadow_streams", .gauge, "Streams that a route's shadow runs") { Double($0.streams) },
        perShadow("skipd_shadow_updates_total", .counter, "State updates by shadow") { Double($0.updates) },
        perShadow("skipd_shadow_timesteps_total", .counter, "Timesteps passed by shadow, counted at updates and sequence ends") { Double($0.timesteps) },
        perShadow("skipd_shadow_compared_total", .counter, "Sequences, or messages of endless ones, after which a shadow's label was compared with its route's model's") { Double($0.compared) },
        perShadow("skipd_shadow_agreed_total", .counter, "Of these, those after which the labels were the same") { Double($0.agreed) },
        Metric("skipd_forced_updates_total", .counter, "Updates that max_skip set") { daemon, _ in Double(daemon.loop.counters.forced) },
        Metric("skipd_deferred_updates_total", .counter, "Updates that max_updates put off") { daemon, _ in Double(daemon.loop.counters.deferred) },
    ]

    private static let streams = [
        Metric("skipd_streams", .gauge, "Streams known at present") { daemon, _ in Double(daemon.loop.streams) },
        Metric("skipd_streams_behind", .gauge, "Streams that still run as before a reload") { daemon, _ in Double(daemon.loop.streamsBehind) },
        Metric("skipd_streams_limit", .gauge, "The most streams at a time, max_streams") { daemon, _ in Double(daemon.loop.maximumStreams) },
        Metric("skipd_evicted_streams_total", .counter, "Streams evicted to make room for others") { daemon, _ in Double(daemon.loop.counters.evicted) },
        Metric("skipd_expired_streams_total", .counter, "Streams dropped after idle_timeout") { daemon, _ in Double(daemon.loop.counters.expired) },
        perSocket("skipd_connections", .gauge, "Open connections by socket") { $0.current },
        perSocket("skipd_connections_opened_total", .counter, "Connections opened by socket") { $0.opened },
        perSocket("skipd_handshakes_failed_total", .counter, "Connections whose handshake failed or was refused, by socket") { $0.failed },
    ]

    private static let work = [
        Metric("skipd_block_processing_seconds", .histogram, "Time to work off one block of at most 64 messages") { daemon, _ in
            let times = daemon.loop.blockTimes
            let bounds = BlockTimes.bounds.indices.map { Double(BlockTimes.bounds[$0]) / 1e9 }
            return Metric.histogram(bounds: bounds, counts: times.counts.indices.map { times.counts[$0] }, sum: Double(times.total) / 1e9)
        }
    ]

    private static let operation = [
        Metric("skipd_checkpoints_total", .counter, "Checkpoints by result", labels: ["result"]) { daemon, _ in
            guard let checkpoint = daemon.checkpoint else { return [] }
            return [
                Metric.Sample(labels: [("result", "success")], value: Double(checkpoint.succeeded)),
                Metric.Sample(labels: [("result", "failure")], value: Double(checkpoint.failed)),
            ]
        },
        Metric("skipd_checkpoint_duration_seconds", .gauge, "Time that the last checkpoint took") { daemon, _ in daemon.checkpoint?.duration },
        Metric("skipd_checkpoint_age_seconds", .gauge, "Time since the last checkpoint that succeeded") { daemon, _ in daemon.checkpoint?.age },
        Metric("skipd_config_last_reload_successful", .gauge, "Whether the last reload of the configuration succeeded, 1 or 0") { daemon, _ in
            daemon.reloads.lastFailed ? 0 : 1
        },
        Metric("skipd_config_last_reload_success_timestamp_seconds", .gauge, "When the configuration in force was read, in Unix time") { daemon, _ in
            daemon.reloads.successTime
        },
        Metric("skipd_build_info", .gauge, "The version that runs, and the instruction set its kernels use", labels: ["version", "kernels"]) { daemon, _ in
            [Metric.Sample(labels: [("version", daemon.version), ("kernels", daemon.kernels)], value: 1)]
        },
    ]

    private static let cluster = [
        Metric("skipd_cluster_connected", .gauge, "Whether there is a connection to a NATS server, 1 or 0") { daemon, _ in daemon.loop.cluster.map { $0.connected ? 1 : 0 } },
        Metric("skipd_cluster_reconnects_total", .counter, "Connections to NATS made anew") { daemon, _ in daemon.loop.cluster.map { Double($0.reconnects) } },
        Metric("skipd_cluster_stored_total", .counter, "Messages that JetStream has stored for this process") { daemon, _ in daemon.loop.cluster.map { Double($0.stored) } },
        Metric("skipd_cluster_waiting_messages", .gauge, "Messages on their way to JetStream") { daemon, _ in daemon.loop.cluster.map { Double($0.waiting) } },
        Metric("skipd_cluster_failures_total", .counter, "Tries to store a message that failed and were made again") { daemon, _ in daemon.loop.cluster.map { Double($0.failures) } },
        Metric("skipd_cluster_shards", .gauge, "Shards that this worker works off") { daemon, _ in daemon.loop.cluster?.shards.map { Double($0) } },
        Metric("skipd_cluster_lost_shards_total", .counter, "Shards that this worker has lost to others") { daemon, _ in daemon.loop.cluster?.lostShards.map { Double($0) } },
        Metric("skipd_cluster_checkpoints_total", .counter, "Checkpoints that this worker has stored in JetStream") { daemon, _ in daemon.loop.cluster?.checkpoints.map { Double($0) } },
        Metric("skipd_cluster_checkpoint_bytes_total", .counter, "Bytes of states that this worker has stored in JetStream") { daemon, _ in daemon.loop.cluster?.checkpointBytes.map { Double($0) } },
        Metric("skipd_cluster_checkpoint_duration_seconds", .gauge, "Time that this worker's last checkpoint took") { daemon, _ in daemon.loop.cluster?.checkpointSeconds },
    ]

    private static let process = [
        Metric("process_cpu_seconds_total", .counter, "CPU time of the process, user and system") { _, process in process.cpuSeconds },
        Metric("process_resident_memory_bytes", .gauge, "Resident memory of the process") { _, process in process.residentBytes },
        Metric("process_open_fds", .gauge, "Open file descriptors") { _, process in process.openDescriptors },
        Metric("process_max_fds", .gauge, "The most file descriptors that may be open") { _, process in process.maximumDescriptors },
        Metric("process_start_time_seconds", .gauge, "When the process started, in Unix time") { _, process in process.startTime },
    ]

    private static func perModel(_ name: String, _ kind: Metric.Kind, _ help: String, value: @escaping @Sendable (ModelStatus) -> Double) -> Metric {
        Metric(name, kind, help, labels: ["model"]) { daemon, _ in
            daemon.loop.models.map { Metric.Sample(labels: [("model", $0.name)], value: value($0)) }
        }
    }

    private static func perRoute(_ name: String, _ kind: Metric.Kind, _ help: String, value: @escaping @Sendable (RouteStatus) -> Double) -> Metric {
        Metric(name, kind, help, labels: ["route"]) { daemon, _ in
            daemon.loop.routes.map { Metric.Sample(labels: [("route", $0.match)], value: value($0)) }
        }
    }

    private static func perShadow(_ name: String, _ kind: Metric.Kind, _ help: String, value: @escaping @Sendable (ShadowStatus) -> Double) -> Metric {
        Metric(name, kind, help, labels: ["route", "model"]) { daemon, _ in
            daemon.loop.routes.compactMap { route in
                route.shadow.map { Metric.Sample(labels: [("route", route.match), ("model", $0.model)], value: value($0)) }
            }
        }
    }

    private static func perBudget(_ name: String, _ help: String, value: @escaping @Sendable (BudgetStatus) -> Double) -> Metric {
        Metric(name, .gauge, help, labels: ["route", "budget"]) { daemon, _ in
            daemon.loop.routes.compactMap { route in
                route.budget.map { Metric.Sample(labels: [("route", route.match), ("budget", $0.budget.name)], value: value($0)) }
            }
        }
    }

    private static func perSocket(_ name: String, _ kind: Metric.Kind, _ help: String, value: @escaping @Sendable (SocketStatus) -> Int) -> Metric {
        Metric(name, kind, help, labels: ["socket"]) { daemon, _ in
            daemon.connections.map { Metric.Sample(labels: [("socket", $0.name)], value: Double(value($0))) }
        }
    }
}
