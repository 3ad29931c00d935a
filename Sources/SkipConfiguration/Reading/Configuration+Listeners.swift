extension Configuration {
    /// Refuses two sockets at one address: the second would find it taken when skipd starts.
    func checkListeners(_ notes: ReadingNotes) {
        var listeners: [(section: String, key: String, endpoint: Endpoint)] = []
        for (index, endpoint) in ingest.bind.enumerated() { listeners.append(("[ingest] bind", "ingest.bind[\(index)]", endpoint)) }
        for (index, endpoint) in results.bind.enumerated() { listeners.append(("[results] bind", "results.bind[\(index)]", endpoint)) }
        listeners.append(("[control] bind", "control.bind", control.bind))
        if let listen = http.listen { listeners.append(("[http] listen", "http.listen", .tcp(host: listen.host, port: listen.port))) }
        for (index, later) in listeners.enumerated() {
            // Within one list, what is named twice is refused as such.
            guard let earlier = listeners[..<index].first(where: { $0.section != later.section && $0.endpoint.excludes(later.endpoint) }) else { continue }
            // One of them may be a default, which stands on no line.
            let place = notes.place(later.key).line == nil ? earlier : later
            notes.refuse(place.key, "\(earlier.section) and \(later.section) would listen at one address, \(earlier.endpoint)\(earlier.endpoint == later.endpoint ? "" : " and \(later.endpoint)"); give each its own")
        }
    }
}

extension Endpoint {
    /// A Boolean value indicating whether nobody can listen at another endpoint while somebody listens at this one.
    fileprivate func excludes(_ other: Endpoint) -> Bool {
        switch (self, other) {
        case (.ipc(let path), .ipc(let otherPath)): path == otherPath
        case (.tcp(_, 0), .tcp), (.tcp, .ipc), (.ipc, .tcp): false
        case (.tcp(let host, let port), .tcp(let otherHost, let otherPort)):
            port == otherPort && (host == otherHost || Self.isEveryAddress(host) || Self.isEveryAddress(otherHost) || Set([host, otherHost]) == ["127.0.0.1", "localhost"])
        }
    }

    private static func isEveryAddress(_ host: String) -> Bool { host == "*" || host == "0.0.0.0" || host == "::" }
}
