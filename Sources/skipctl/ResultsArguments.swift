import ArgumentParser
import SkipConfiguration

/// Where commands that follow what skipd publishes find it, and how long they listen.
struct ResultsArguments: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("End after this time: 500ms, 5s, 2m.", valueName: "time"), transform: duration)
    var wait: Duration?
    @Option(help: ArgumentHelp("Where results, and samples too, are published; by default the configuration says.", valueName: "endpoint"))
    var results: Endpoint?
    @OptionGroup var keys: KeyArguments
    @OptionGroup var configuration: ConfigurationArguments

    /// Subscribes; the time that was given runs from here.
    /// - Parameter loaded: the configuration, where it was read already.
    func follow(topics: [String], _ loaded: Configuration? = nil) throws -> PublishedMessages {
        let endpoint = try results ?? (loaded ?? configuration.load()).resultsEndpoint(keys)
        return PublishedMessages(try Subscription(endpoint, topics: topics, keys: keys.load()), from: "\(endpoint)", for: wait)
    }

    /// Follows a whole cluster's results, as its NATS servers have them.
    func followCluster() throws -> PublishedMessages { PublishedMessages(try ClusterResults(configuration.clusterClient()), for: wait) }
}

extension Configuration {
    /// Where a client finds the results.
    func resultsEndpoint(_ keys: KeyArguments) throws(CommandFailure) -> Endpoint {
        guard let endpoint = try keys.reachable(results.bind, security, "results") else { throw CommandFailure("the configuration names no endpoint for results; give one with --results") }
        return endpoint.reachable
    }
}

/// Messages as they come, until the time that was given runs out.
struct PublishedMessages: ~Copyable {
    /// Where they come from: one of the two.
    private var subscription: Subscription?
    private var cluster: ClusterResults?
    private let place: String
    private let deadline: ContinuousClock.Instant?
    /// Somebody who sits before a silent terminal is told after a while what is being waited for.
    private var patience: ContinuousClock.Instant? = isTerminal(2) ? ContinuousClock.now + .seconds(3) : nil

    fileprivate init(_ subscription: consuming Subscription, from place: String, for time: Duration?) {
        self.subscription = consume subscription
        self.place = place
        deadline = time.map { ContinuousClock.now + $0 }
    }

    fileprivate init(_ cluster: ClusterResults, for time: Duration?) {
        subscription = nil
        self.cluster = cluster
        place = "NATS"
        deadline = time.map { ContinuousClock.now + $0 }
    }

    /// Waits for the next message.
    /// - Returns: its frames; nil where the time has run out, or a signal that the command watches for has come.
    mutating func next() throws -> [[UInt8]]? {
        while !Interruption.hasCome {
            let limit = [deadline, patience].compactMap { $0 }.min()
            if let frames = cluster == nil ? try subscription?.receive(until: limit) : try cluster?.receive(until: limit) {
                patience = nil
                return frames
            }
            if let deadline, deadline <= .now { break }
            guard let patience, patience <= .now else { continue }
            tell("nothing has come from \(place) yet; is skipd running, and do devices send?")
            self.patience = nil
        }
        return nil
    }
}
