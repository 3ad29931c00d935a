import Foundation
import Testing

/// What skipd serves over HTTP, asked for over real connections.
@Suite struct HTTPTests {
    @Test("health and readiness are 200 while skipd runs, and nothing but GET and HEAD is answered")
    func health() throws {
        let daemon = try RunningDaemon.withHTTP()
        for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let reply = try daemon.get(path)
            #expect(reply.status == 200 && reply.body == body)
            let head = try daemon.get(path, method: "HEAD")
            #expect(head.status == 200 && head.headers["content-length"] == "\(body.utf8.count)")
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let reply = try daemon.get("/healthz", method: method)
            #expect(reply.status == 405 && reply.headers["allow"] == "GET, HEAD")
        }
        #expect(try daemon.get("/etc/passwd").status == 404)
    }

    @Test("a drained skipd is healthy and not ready, and says why")
    func drained() throws {
        let daemon = try RunningDaemon.withHTTP()
        _ = try daemon.ask("{\"op\":\"drain\"}")
        #expect(try daemon.get("/healthz").status == 200)
        let ready = try daemon.get("/readyz")
        #expect(ready.status == 503 && ready.body == "skipd is drained and takes no samples until it is restarted.\n")
    }

    @Test("the page and its parts allow nothing from elsewhere, and nothing inline")
    func policy() throws {
        let daemon = try RunningDaemon.withHTTP()
        for path in ["/", "/dashboard.js", "/dashboard.css"] {
            let reply = try daemon.get(path)
            #expect(reply.status == 200)
            #expect(reply.headers["content-security-policy"]?.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';") == true)
            #expect(reply.headers["x-content-type-options"] == "nosniff")
            #expect(!reply.body.contains("unsafe-inline") && !reply.body.contains("https://"))
        }
        let page = try daemon.get("/").body
        #expect(!page.contains("style=") && !page.contains("onclick") && !page.contains("<script>"))
    }

    @Test("on loopback a request for another name is refused, so that no web page can be made to read it", arguments: [
        ("localhost", 200), ("127.0.0.1:9470", 200), ("[::1]:9470", 200), ("evil.example", 421), ("127.0.0.1.evil.example:9470", 421), ("localhost.evil", 421),
    ])
    func rebinding(host: String, status: Int) throws {
        #expect(try RunningDaemon.withHTTP().get("/metrics", host: host).status == status)
    }

    @Test("events tell a viewer of a stream which timesteps it read, names and labels escaped")
    func events() throws {
        let daemon = try RunningDaemon.withHTTP()
        let device = try Device(daemon.ingest[0], in: daemon.context)
        let name = "watch/\"\\\u{2028}</script>"
        let connection = try HTTPConnection(try daemon.url())
        let query = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        connection.request("GET", "/events?stream=\(query)")
        _ = try connection.read(through: "\r\n\r\n")
        var stream: [String: Any] = [:]
        var sequence: UInt64 = 0
        // The stream is watched from its first message on that comes after a tick.
        while ((stream["marks"] as? [[Any]])?.count ?? 0) < 3 {
            for _ in 0..<20 {
                let header = Array("SK".utf8) + [1, 8, 0, 0, 1, 0] + withUnsafeBytes(of: sequence.littleEndian, Array.init) + [UInt8](repeating: 0, count: 16)
                try device.send([Array(name.utf8) + [0] + header + [UInt8](repeating: 0, count: 24)])
                sequence += 1
            }
            _ = try connection.read(through: "event: stream\ndata: ")
            let line = try connection.read(through: "\n")
            stream = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(stream["name"] as? String == name)
        }
        let marks = try #require(stream["marks"] as? [[NSNumber]])
        #expect(marks.allSatisfy { $0.count == 6 })
        #expect(marks.map { $0[1].intValue } == marks.map { $0[1].intValue }.sorted())
        #expect((stream["labels"] as? [String])?.count == 7)
    }

    @Test("more viewers than there is room for are told so, and one that leaves makes room")
    func viewers() throws {
        let daemon = try RunningDaemon.withHTTP()
        let url = try daemon.url()
        var viewers: [HTTPConnection] = []
        for _ in 0..<16 {
            let viewer = try HTTPConnection(url)
            viewer.request("GET", "/events")
            _ = try viewer.read(through: "event: status")
            viewers.append(viewer)
        }
        #expect(try daemon.get("/events").status == 503)
        viewers.removeLast()
        try daemon.wait("room for another viewer") {
            let viewer = try HTTPConnection(url)
            viewer.request("GET", "/events")
            return try viewer.read(through: "\r\n").contains("200")
        }
    }

    @Test("while nobody looks, no thread wakes up; while somebody does, some do, and once they have gone none again")
    func idle() throws {
        let daemon = try RunningDaemon.withHTTP()
        let url = try daemon.url()
        /// How often threads have given up the processor of themselves, as whoever wakes up for a moment does.
        func wakeUps() -> Int {
            let tasks = "/proc/\(daemon.processIdentifier)/task"
            return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).reduce(0) { sum, thread in
                guard let handle = FileHandle(forReadingAtPath: "\(tasks)/\(thread)/status"), let data = try? handle.readToEnd() else { return sum }
                let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
                return sum + (line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0)
            }
        }
        /// Wake-ups in two seconds.
        func pause() -> Int {
            let before = wakeUps()
            sleep(2)
            return wakeUps() - before
        }
        // The start has to be over, and a heartbeat of a socket may come in between.
        try daemon.wait("silence before the first viewer") { pause() <= 2 }
        var viewer: HTTPConnection? = try HTTPConnection(url)
        viewer?.request("GET", "/events?stream=watch/7")
        _ = try viewer?.read(through: "event: stream")
        #expect(pause() > 6, "four pictures a second")
        viewer = nil
        try daemon.wait("silence after the last viewer") { pause() <= 2 }
    }

    @Test("a stop ends viewers' events and does not wait for them")
    func stop() throws {
        let daemon = try RunningDaemon.withHTTP()
        let viewer = try HTTPConnection(try daemon.url())
        viewer.request("GET", "/events?search=x")
        _ = try viewer.read(through: "event: streams")
        let idle = try HTTPConnection(try daemon.url())
        idle.send("GET / HT")
        let start = ContinuousClock.now
        #expect(daemon.stop() == 0)
        #expect(start.duration(to: .now) < .seconds(9), "the longest a stop may take is ten seconds")
        #expect(viewer.isClosed())
    }

    @Test("requests that are none are refused, and the server goes on", arguments: [
        "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET " + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "x: y\r\n", count: 5_000) + "\r\n", "GET /events?stream=%ff%00%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ])
    func garbage(request: String) throws {
        let daemon = try RunningDaemon.withHTTP()
        let connection = try HTTPConnection(try daemon.url())
        connection.send(request)
        _ = try? connection.read(through: "\r\n")
        #expect(try daemon.get("/healthz").status == 200)
    }

    @Test("connections on which half a request has come keep no health check out: the one that has waited longest makes room")
    func halfOpen() throws {
        let daemon = try RunningDaemon.withHTTP()
        let url = try daemon.url()
        let viewer = try HTTPConnection(url)
        viewer.request("GET", "/events")
        _ = try viewer.read(through: "event: status")
        var connections: [HTTPConnection] = []
        for _ in 0..<300 {
            connections.append(try HTTPConnection(url))
            connections.last?.send("GET /healthz HTTP/1.1\r\nHost: localh")
        }
        #expect(try daemon.get("/healthz").status == 200)
        #expect(connections[0].isClosed())
        // Who has a request in work is not in the way, and the last to come have their time.
        _ = try viewer.read(through: "event: status")
        connections[299].send("ost\r\n\r\n")
        #expect(try connections[299].reply().status == 200)
    }

    @Test("an address that is taken ends the start with a sentence")
    func taken() throws {
        let first = try RunningDaemon.withHTTP()
        let address = try first.url().dropFirst("http://".count).dropLast()
        let second = try RunningDaemon(configuration: { folder in
            RunningDaemon.configuration(folder).replacingOccurrences(of: "listen = \"\"", with: "listen = \"\(address)\"")
        }, waits: false)
        #expect(second.waitForEnd() == 1)
        #expect(second.log.contains("[http] listen = \"\(address)\" is not possible: another process listens there"))
    }
}
