import Logging
package import SkipConfiguration
import SkipRNN
package import ZeroMQ

/// What a configuration says about who may connect, read from its files.
package struct AccessRules: Sendable {
    /// nil: no keys are asked for.
    package var serverKeys: CurveKeyPair?
    package var keys: [AuthorizedKey] = []
    package var peers: [Peer] = []
    package var allow: [AddressRange]?

    /// Reads the key files that a configuration names.
    /// - Parameter isRunning: a check outside of the service can't see its credentials and does without.
    /// - Throws: everything that is wrong in them, with file and line.
    package init(_ configuration: Configuration, isRunning: Bool, warnings: inout [String]) throws(ConfigurationError) {
        peers = configuration.peers
        allow = configuration.security.allow
        guard let path = configuration.security.serverKey, let authorized = configuration.security.authorizedKeys else { return }
        var problems: [ConfigurationProblem] = []
        if !isRunning, ServerKey.isOutOfReach(path) {
            warnings.append("\(path) is not checked: systemd hands it to the running service only")
        } else {
            do throws(FileFormatError) { serverKeys = try ServerKey.read(path) } catch {
                problems.append(ConfigurationProblem(ConfigurationPlace(file: error.file), error.problem))
            }
        }
        do throws(ConfigurationError) { keys = try AuthorizedKeys.read(authorized) } catch { problems += error.problems }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        if keys.isEmpty { warnings.append("\(authorized) authorizes no key, so no device can connect by tcp") }
    }
}

/// Guards the tcp endpoints: with keys, with a list of addresses, or both. There is none where a configuration has neither.
final class AccessControl: Sendable {
    let registry: AccessRegistry
    /// nil: no keys are asked for.
    let serverKeys: CurveKeyPair?
    let handler: ZAPHandler
    let refusals: RefusalLog

    /// - Returns: nil where everybody is let in.
    init?(_ rules: AccessRules, logger: Logger, in context: Context) throws(DaemonError) {
        guard rules.serverKeys != nil || rules.allow != nil else { return nil }
        registry = AccessRegistry(asksForKeys: rules.serverKeys != nil)
        serverKeys = rules.serverKeys
        refusals = RefusalLog(logger)
        handler = try ZAPHandler(registry, refusals, in: context)
    }

    /// Puts other rules in force for connections to come.
    /// - Returns: the rights that the loop is to be given; nil where rules without keys have come to one that asks for them, which needs a
    ///   start: till then the keys stay as they are.
    func install(_ rules: AccessRules) -> AccessRegistry.Rights? {
        if serverKeys != nil, rules.serverKeys == nil { return nil }
        return registry.replace(keys: rules.keys, peers: rules.peers, allow: rules.allow)
    }

    /// Has a socket's later tcp binds ask who it is.
    func guardDoor(_ door: AccessRegistry.Door, _ socket: borrowing Socket) throws(ZeroMQError) {
        if let serverKeys { try socket.becomeCurveServer(serverKeys) }
        // With a domain the handler is asked about plaintext connections as well.
        try socket.set(.zapDomain, Array(door.rawValue.utf8))
    }
}
