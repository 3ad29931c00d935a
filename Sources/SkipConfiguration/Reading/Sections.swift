import SkipStream

// Each table's keys, as the file names them. The defaults are those of the types.

extension Ingest {
    init(_ section: inout SectionReader) {
        self.init()
        bind = section.endpoints("bind", default: bind, forBinding: true)
        connect = section.endpoints("connect", default: connect, forBinding: false)
        pattern = section.word("pattern", default: pattern)
        heartbeat = section.duration("heartbeat", default: heartbeat, zero: "none")
        if bind.isEmpty, connect.isEmpty { section.notes.refuse("ingest", "[ingest] neither binds nor connects, so no sample could come in; give one of bind and connect an endpoint") }
    }
}

extension Results {
    init(_ section: inout SectionReader) {
        self.init()
        bind = section.endpoints("bind", default: bind, forBinding: true)
        samples = section.boolean("samples", default: bind.allSatisfy(\.isLocal))
    }
}

extension Control {
    init(_ section: inout SectionReader) {
        self.init()
        bind = section.endpoint("bind", default: bind)
    }
}

extension HTTP {
    init(_ section: inout SectionReader) {
        self.init()
        listen = section.read("listen", default: listen, text: { quoted($0?.description ?? "") }) { (content) throws(Expected) in
            guard case .string(let text) = content, let address = text.isEmpty ? .some(nil) : HostAndPort(text).map(Optional.some) else {
                throw Expected("an address such as \"127.0.0.1:9470\", or \"\" for none,")
            }
            return address
        }
    }
}

extension State {
    init(_ section: inout SectionReader) {
        self.init()
        directory = section.read("directory", default: directory, text: { quoted($0 ?? "") }) { (content) throws(Expected) in
            guard case .string(let text) = content, text.isEmpty || text.hasPrefix("/") else { throw Expected("a folder's absolute path, or \"\" for none,") }
            return text.isEmpty ? nil : text
        }
        checkpointInterval = section.duration("checkpoint_interval", default: checkpointInterval, zero: nil)
    }
}

extension Limits {
    init(_ section: inout SectionReader) {
        self.init()
        maxStreams = section.integer("max_streams", default: maxStreams, in: 1...1_000_000_000)
        evict = section.boolean("evict", default: evict)
        idleTimeout = section.duration("idle_timeout", default: idleTimeout, zero: "never")
        maxMessage = section.size("max_message", default: maxMessage, in: 512...(1 << 30))
    }
}

extension Security {
    init(_ section: inout SectionReader, file: String) {
        self.init()
        insecure = section.boolean("insecure", default: insecure)
        serverKey = section.path("server_key", file: file)
        authorizedKeys = section.path("authorized_keys", file: file)
        allow = section.optionalTexts("allow", "addresses such as \"10.0.0.0/8\" or \"fd00::1\"", AddressRange.init)
        handshakeTimeout = section.duration("handshake_timeout", default: handshakeTimeout, zero: nil)
        if serverKey != nil, authorizedKeys == nil {
            section.notes.refuse("security.server_key", "[security] has a server_key but no authorized_keys, so nobody could connect; name the file of the devices' public keys")
        }
        if authorizedKeys != nil, serverKey == nil {
            section.notes.refuse("security.authorized_keys", "[security] has authorized_keys but no server_key, so no key would be asked for; make one with `skipctl keygen --server`")
        }
    }
}

extension Cluster {
    init(_ section: inout SectionReader, file: String) {
        self.init()
        role = section.read("role", default: role, text: { quoted($0?.rawValue ?? "") }) { (content) throws(Expected) in
            guard case .string(let text) = content, let role = text.isEmpty ? .some(nil) : Role(rawValue: text).map(Optional.some) else {
                throw Expected("\"gateway\", \"worker\", or \"\" for a skipd by itself,")
            }
            return role
        }
        servers = section.optionalTexts("servers", "URLs such as \"nats://127.0.0.1:4222\" or \"tls://nats.example:4222\"") { Self.isServer($0) ? $0 : nil } ?? []
        let name = section.string("name", default: "", expected: "a name of letters, digits, - and _") { $0.utf8.allSatisfy(Self.isNameByte) }
        self.name = name.isEmpty ? nil : name
        credentials = section.path("credentials", file: file)
        ca = section.path("ca", file: file)
        certificate = section.path("certificate", file: file)
        key = section.path("key", file: file)
        replicas = section.integer("replicas", default: replicas, in: 1...5)
        keep = section.duration("keep", default: keep, zero: nil)
        lease = section.duration("lease", default: lease, zero: nil)
        if let role, servers.isEmpty { section.notes.refuse("cluster.role", "[cluster] has the role \"\(role.rawValue)\" but no servers; name those of NATS") }
        if certificate != nil, key == nil { section.notes.refuse("cluster.certificate", "[cluster] has a certificate but no key; name the file of its key") }
        if key != nil, certificate == nil { section.notes.refuse("cluster.key", "[cluster] has a key but no certificate; name the file of its certificate") }
        if lease < .seconds(1) { section.notes.refuse("cluster.lease", "lease is shorter than a second, so a pause of the machine would cost a worker its shards; say \"5s\"") }
        if section.has("keep"), keep < .seconds(120) { section.notes.refuse("cluster.keep", "keep is shorter than two minutes, the time in which JetStream knows a message again; say \"1h\"") }
    }

    /// A secret has no place in the file, so a URL with a user's name is none.
    private static func isServer(_ text: String) -> Bool {
        guard let scheme = ["nats://", "tls://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty && rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ",") }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

extension Peer {
    /// Reads a `[[peer]]`; nil where it lacks what it needs.
    init?(_ section: inout SectionReader, connect: [Endpoint]) {
        for (key, what) in [("endpoint", "it says which endpoint of [ingest] connect is meant"), ("key", "it is the public key of the one who listens there"), ("publish", "it says which streams may come from there")] {
            section.require(key, what)
        }
        let endpoint = section.read("endpoint", default: Endpoint?.none, text: { quoted($0?.text ?? "") }) { (content) throws(Expected) in
            guard case .string(let text) = content, let endpoint = Endpoint(text), connect.contains(endpoint) else { throw Expected("an endpoint that [ingest] connect names") }
            return endpoint
        }
        let key = section.string("key", default: "", expected: "a public key, 40 characters of Z85,") { CurveKeyText.isValid($0) }
        let publish = section.optionalTexts("publish", "patterns of stream names such as \"plant1/**\"") { $0.isEmpty ? nil : StreamPattern($0) }
        guard let endpoint, let publish, !key.isEmpty else { return nil }
        self.init(endpoint: endpoint, serverKey: key, publish: publish)
    }
}
