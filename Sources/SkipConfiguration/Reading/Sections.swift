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
    init(_ section: inout SectionReader) {
        self.init()
        insecure = section.boolean("insecure", default: insecure)
    }
}
