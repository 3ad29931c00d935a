import ArgumentParser
import SkipConfiguration
import SkipRNN
import ZeroMQ

/// How a command shows a daemon that asks for keys who it is.
struct KeyArguments: ParsableArguments {
    @Option(help: ArgumentHelp("This device's secret key, as `skipctl keygen --device` writes it; for daemons that ask for keys.", valueName: "file"), completion: .file())
    var key: String?
    @Option(help: ArgumentHelp("The daemon's public key, or a file that has it; with --key.", valueName: "key"), completion: .file())
    var serverKey: String?

    func validate() throws {
        guard (key == nil) == (serverKey == nil) else { throw ValidationError("--key and --server-key belong together") }
    }

    /// The keys; nil where none are given.
    func load() throws -> ClientKeys? {
        guard let key, let serverKey else { return nil }
        let publicKey = CurveKeyText.isValid(serverKey) ? serverKey : try KeyFile.publicKey(serverKey)
        return ClientKeys(own: try CurveKeyPair(secretKey: KeyFile.secretKey(key)), server: publicKey)
    }

    /// Which of the endpoints that a daemon is bound to is for us: without a key an ipc endpoint, where the daemon asks for keys by tcp.
    func reachable(_ endpoints: [Endpoint], _ security: Security, _ what: String) throws(CommandFailure) -> Endpoint? {
        guard security.serverKey != nil else { return endpoints.first { $0.isLocal } ?? endpoints.first }
        if key != nil { return endpoints.first { $0.isTCP && $0.isLocal } ?? endpoints.first { $0.isTCP } }
        if let file = endpoints.first(where: { !$0.isTCP }) { return file }
        guard endpoints.isEmpty else { throw CommandFailure("skipd asks for a key at \(endpoints[0]): give --key and --server-key, or have it bind an ipc endpoint for \(what) too") }
        return nil
    }
}

/// A device's key pair, and the public key of the daemon it talks to.
struct ClientKeys: Sendable {
    let own: CurveKeyPair
    let server: String

    func apply(to socket: borrowing Socket) throws(ZeroMQError) { try socket.becomeCurveClient(own, serverKey: server) }
}
