import HTTPTypes
import Hummingbird
import SkipConfiguration

/// Answers one HTTP request.
struct Responder: Sendable {
    let daemon: DaemonInspector
    let observatory: Observatory
    /// A Boolean value indicating whether only this machine can reach the server.
    let isLoopback: Bool

    func respond(to request: Request) async -> Response {
        guard isNamedLikeItself(request) else {
            return text(.misdirectedRequest, "skipd listens on this machine only and answers to its own addresses only, such as localhost.")
        }
        guard request.method == .get || request.method == .head else {
            var response = text(.methodNotAllowed, "skipd answers GET and HEAD; nothing can be changed over HTTP.")
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        var response = await get(request)
        if request.method == .head {
            // The length tells what GET would bring.
            let length = response.body.contentLength.map(String.init)
            response.body = ResponseBody()
            response.headers[.contentLength] = length
        }
        return response
    }

    private func get(_ request: Request) async -> Response {
        switch request.uri.path {
        case "/": return asset(Assets.page, "text/html; charset=utf-8")
        case "/dashboard.js": return asset(Assets.script, "text/javascript; charset=utf-8")
        case "/dashboard.css": return asset(Assets.style, "text/css; charset=utf-8")
        case "/events": return await events(request)
        case "/metrics":
            guard let status = await daemon.status() else { return text(.serviceUnavailable, "The sample loop does not answer.") }
            var response = text(.ok, Metrics.text(status, .now()))
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        case "/healthz":
            return await daemon.status() == nil ? text(.serviceUnavailable, "The sample loop does not answer.") : text(.ok, "ok")
        case "/readyz":
            return switch await daemon.isDrained {
            case false?: text(.ok, "ready")
            case true?: text(.serviceUnavailable, "skipd is drained and takes no samples until it is restarted.")
            case nil: text(.serviceUnavailable, "skipd is starting or stopping, and takes no samples.")
            }
        default:
            return text(.notFound, "There is nothing here; see /, /metrics, /healthz and /readyz.")
        }
    }

    private func events(_ request: Request) async -> Response {
        let parameters = request.uri.queryParameters
        let view: Observatory.View
        if let name = parameters["stream"] {
            view = .stream(String(name))
        } else {
            view = .streams(matching: parameters["search"].map { String($0.prefix(255)) } ?? "")
        }
        if request.method == .head { return response(.ok, "text/event-stream", ResponseBody()) }
        guard let (viewer, events) = await observatory.enter(view) else {
            return text(.serviceUnavailable, "\(Observatory.maximumViewers) viewers look at the dashboard already; close one, or wait.")
        }
        let body = ResponseBody { [observatory] writer in
            do {
                for await event in events { try await writer.write(ByteBuffer(bytes: event)) }
                try await writer.finish(nil)
            } catch {
                // The viewer has gone.
            }
            await observatory.leave(viewer)
        }
        return response(.ok, "text/event-stream", body)
    }

    /// Against DNS rebinding: a web page whose name was made to lead to 127.0.0.1 may not read what is meant for this machine.
    private func isNamedLikeItself(_ request: Request) -> Bool {
        guard isLoopback, let authority = request.head.authority else { return true }
        let address = HostAndPort(authority) ?? HostAndPort(host: authority.filter { !"[]".contains($0) }, port: 0)
        return address.isLoopback
    }

    private func asset(_ bytes: [UInt8], _ type: String) -> Response { response(.ok, type, ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))) }

    private func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        response(status, "text/plain; charset=utf-8", ResponseBody(byteBuffer: ByteBuffer(string: text.hasSuffix("\n") ? text : text + "\n")))
    }

    private func response(_ status: HTTPResponse.Status, _ type: String, _ body: ResponseBody) -> Response {
        Response(
            status: status,
            headers: [
                .date: Time.httpDate,
                .contentType: type,
                .cacheControl: "no-store",
                .contentSecurityPolicy: Self.policy,
                .xContentTypeOptions: "nosniff",
                HTTPField.Name("Referrer-Policy")!: "no-referrer",
                HTTPField.Name("Cross-Origin-Resource-Policy")!: "same-origin",
            ],
            body: body)
    }

    /// Nothing from elsewhere, nothing inline, no frames around it.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
