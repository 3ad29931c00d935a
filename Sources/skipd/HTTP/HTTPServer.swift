import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import SkipConfiguration

/// What skipd serves over HTTP: metrics, health and the dashboard. It reads, and changes nothing: GET and HEAD only.
///
/// | path | |
/// |---|---|
/// | `/` | the dashboard |
/// | `/events` | its server-sent events: `?search=TEXT` for the table of streams, `?stream=NAME` for one stream |
/// | `/metrics` | Prometheus' text format |
/// | `/healthz` | 200 while the sample loop answers |
/// | `/readyz` | 200 while samples are taken |
///
/// Names of streams are hostile: they are escaped as JSON here, and the page shows them as text, under a policy that runs no script but its own.
struct HTTPServer: Service {
    /// Connections at a time that wait for a request; one more, and the one that has waited longest is closed.
    private static let maximumWaiting = 128
    /// Connections at a time; more wait to be accepted.
    private static let maximumConnections = 256

    let address: HostAndPort
    let daemon: DaemonInspector
    let logger: Logger
    /// Told where the server listens, once it does.
    var onListening: @Sendable (HostAndPort) -> Void = { _ in }

    func run() async throws {
        let observatory = Observatory(daemon)
        let server = try server(Responder(daemon: daemon, observatory: observatory, isLoopback: address.isLoopback))
        do {
            try await withGracefulShutdownHandler {
                try await server.run()
            } onGracefulShutdown: {
                // Their connections would stay open, and the server with them, for ever.
                Task { await observatory.close() }
            }
        } catch let error as IOError {
            let reason = error.errnoCode == EADDRINUSE ? "another process listens there" : String(cString: strerror(error.errnoCode))
            throw DaemonError("[http] listen = \"\(address)\" is not possible: \(reason); choose another address, or \"\" for none")
        }
    }

    /// A request went wrong while its answer was on its way; the connection ends.
    private struct Unanswerable: Error {}

    /// The server by itself, not an `Application`, which would wake up every second to know what time it is.
    private func server(_ responder: Responder) throws -> any Service {
        var quiet = logger
        // The server's own lines are for debugging.
        quiet.logLevel = .error
        let waiting = WaitingConnections(most: Self.maximumWaiting)
        let builder = HTTPServerBuilder.http1(configuration: .init(
            additionalChannelHandlers: [WaitingConnections.Handler(waiting)],
            // Requests are short; whoever doesn't finish one makes room for others.
            idleTimeout: .seconds(60),
            httpDecoderConfiguration: .init(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64)))
        return try builder.buildServer(
            configuration: .init(
                address: .hostname(address.host == "*" ? "0.0.0.0" : address.host, port: Int(address.port)),
                availableConnectionsDelegate: .maximum(Self.maximumConnections, logger: quiet)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: quiet
        ) { request, writer, _ in
            let response = await responder.respond(to: request)
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch is HTTPParserError {
                // It must not be answered a second time.
                throw Unanswerable()
            }
        } onServerRunning: { [address, logger, onListening] channel in
            let listening = HostAndPort(host: address.host, port: UInt16(channel.localAddress?.port ?? Int(address.port)))
            logger.notice("dashboard and metrics at http://\(listening)/")
            onListening(listening)
        }
    }
}
