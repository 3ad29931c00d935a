public import ArgumentParser // Public, since conformances of public types are.
public import SkipConfiguration

/// Where a command finds the daemon: the same file as the daemon reads.
struct ConfigurationArguments: ParsableArguments {
    @Option(help: ArgumentHelp("skipd's configuration, which names its endpoints. (default: $SKIPD_CONFIG, else \(Configuration.defaultPath))", valueName: "file"), completion: .file(extensions: ["toml"]))
    var config: String?

    /// The configuration; the defaults where no file was named and there is none.
    func load() throws -> Configuration { try Configuration.forClient(flag: config) }

    /// The cluster's servers that it names.
    func clusterClient() throws -> ClusterClient { try ClusterClient(load(), path: Configuration.path(flag: config)) }
}

extension Endpoint: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }

    /// Where a client on the daemon's own machine reaches what is bound there: an address for all interfaces is replaced by loopback.
    var reachable: Endpoint {
        guard case .tcp(let host, let port) = self else { return self }
        return switch host {
        case "*", "0.0.0.0": .tcp(host: "127.0.0.1", port: port)
        case "::": .tcp(host: "::1", port: port)
        default: self
        }
    }
}

/// Reads a time as the configuration writes it.
func duration(_ text: String) throws(ValidationError) -> Duration {
    guard let duration = Duration(configurationText: text) else { throw ValidationError("a time such as 500ms, 5s or 2m was expected") }
    return duration
}
