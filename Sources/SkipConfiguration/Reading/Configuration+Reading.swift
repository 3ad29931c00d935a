import SkipRNN
import SkipStream

extension Configuration {
    /// Reads a file. Paths in it are relative to its folder.
    /// - Throws: everything that is wrong in it, each with its line.
    public init(contentsOf path: String) throws(ConfigurationError) {
        let bytes: [UInt8]
        do throws(FileFormatError) {
            bytes = try readFile(path)
        } catch {
            throw ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: path), error.problem)])
        }
        try self.init(bytes, file: path)
    }

    /// Reads a file's text, for which `file` stands in the sentences and for relative paths.
    public init(text: String, file: String = "skipd.toml") throws(ConfigurationError) { try self.init(Array(text.utf8), file: file) }

    private init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        let document = try TOMLDocument(bytes, file: file)
        let notes = ReadingNotes(document)
        self.init()
        var top = TopLevelReader(notes)
        ingest = top.section("ingest", Ingest.init)
        results = top.section("results", Results.init)
        control = top.section("control", Control.init)
        http = top.section("http", HTTP.init)
        state = top.section("state", State.init)
        limits = top.section("limits", Limits.init)
        security = top.section("security") { Security(&$0, file: file) }
        cluster = top.section("cluster") { Cluster(&$0, file: file) }
        peers = top.sections("peer") { Peer(&$0, connect: ingest.connect) }.compactMap { $0 }
        models = top.sections("model") { ModelSource(&$0, file: file) }.compactMap { $0 }
        routes = top.sections("route") { Route(&$0, models: models.map(\.name)) }.compactMap { $0 }
        top.finish()
        checkModels(notes)
        checkReach(notes)
        checkListeners(notes)
        guard notes.problems.isEmpty else {
            // In the file's order; sorting is stable only with the index beside.
            throw ConfigurationError(notes.problems.enumerated().sorted { ($0.element.place.line ?? 0, $0.offset) < ($1.element.place.line ?? 0, $1.offset) }.map(\.element))
        }
        settings = notes.settings
        warnings = notes.warnings
    }

    /// What a daemon needs to do anything at all; a client's file needn't have it.
    public func requireModelAndRoute(file: String) throws(ConfigurationError) {
        var problems: [ConfigurationProblem] = []
        func missing(_ what: String) { problems.append(ConfigurationProblem(ConfigurationPlace(file: file), what)) }
        if models.isEmpty { missing("there is no model; add a [[model]] with name and path") }
        if routes.isEmpty { missing("there is no route, so every message would be refused; add a [[route]] with match and model") }
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }

    private func checkModels(_ notes: ReadingNotes) {
        for (index, model) in models.enumerated() {
            if let first = models[..<index].first(where: { $0.name == model.name }), let place = model.place {
                let line = first.place?.line.map { " (the first is on line \($0))" } ?? ""
                notes.problems.append(ConfigurationProblem(place, "two models have the name \"\(model.name)\"\(line); give one of them another"))
            } else if !routes.contains(where: { $0.model == model.name }), let place = model.place {
                notes.warnings.append(ConfigurationProblem(place, "no route names the model \"\(model.name)\", so it does nothing"))
            }
        }
    }

    /// Plaintext only where nobody else can listen, unless that is meant.
    private func checkReach(_ notes: ReadingNotes) {
        for (index, peer) in peers.enumerated() {
            if security.serverKey == nil { notes.refuse("peer[\(index)]", "a [[peer]] needs a server_key in [security], with which skipd shows who it is") }
            if peers[..<index].contains(where: { $0.endpoint == peer.endpoint }) { notes.refuse("peer[\(index)]", "two [[peer]] have the endpoint \(peer.endpoint)") }
        }
        guard !security.insecure else { return }
        let risk = "reaches beyond this machine, and plaintext on it could be read and forged by others"
        let remedy = "or allow it with insecure = true in [security]"
        let local = "use 127.0.0.1 or an ipc endpoint"
        if security.serverKey == nil {
            for (key, endpoints) in [("ingest.bind", ingest.bind), ("results.bind", results.bind)] {
                for (index, endpoint) in endpoints.enumerated() where !endpoint.isLocal {
                    notes.refuse("\(key)[\(index)]", "\(endpoint) \(risk); \(local), secure it with server_key and authorized_keys in [security], \(remedy)")
                }
            }
        }
        for (index, endpoint) in ingest.connect.enumerated() where !endpoint.isLocal && !peers.contains(where: { $0.endpoint == endpoint }) {
            notes.refuse("ingest.connect[\(index)]", "\(endpoint) \(risk); \(local), secure it with a [[peer]] that has its key, \(remedy)")
        }
        if !control.bind.isFile {
            notes.refuse("control.bind", "\(control.bind) lets every user of this machine, or of others, command skipd; use an ipc endpoint with a path, whose file only root and the group may use, \(remedy)")
        }
        if let listen = http.listen, !listen.isLoopback { notes.refuse("http.listen", "\(listen) \(risk); use 127.0.0.1, \(remedy)") }
    }
}

/// Reads the file's tables.
private struct TopLevelReader {
    let notes: ReadingNotes
    private var known: [String] = []

    init(_ notes: ReadingNotes) { self.notes = notes }

    /// `[name]`, empty where the file hasn't got it.
    mutating func section<Value>(_ name: String, _ read: (inout SectionReader) -> Value) -> Value {
        known.append(name)
        var values: [String: TOMLContent] = [:]
        switch notes.document.root[name] {
        case nil: break
        case .table(let table): values = table
        case .array: notes.refuse(name, "\(name) is given several times; write [\(name)] once, in single brackets")
        case let other?: notes.refuse(name, "\(name) is \(other.spelled), a table [\(name)] was expected")
        }
        var section = SectionReader(notes, name: name, title: "[\(name)]", values: values)
        let value = read(&section)
        section.finish()
        return value
    }

    /// Each `[[name]]`, in the file's order.
    mutating func sections<Value>(_ name: String, _ read: (inout SectionReader) -> Value) -> [Value] {
        known.append(name)
        let elements: [TOMLContent]
        switch notes.document.root[name] {
        case nil: return []
        case .array(let array): elements = array
        case .table:
            notes.refuse(name, "[\(name)] must be written [[\(name)]], in double brackets, since there may be several")
            return []
        case let other?:
            notes.refuse(name, "\(name) is \(other.spelled), tables [[\(name)]] were expected")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            guard case .table(let table) = element else {
                notes.refuse("\(name)[\(index)]", "\(name) has \(element.spelled), tables [[\(name)]] were expected")
                return nil
            }
            var section = SectionReader(notes, name: "\(name)[\(index)]", title: "[[\(name)]]", values: table)
            let value = read(&section)
            section.finish()
            return value
        }
    }

    func finish() {
        for key in notes.document.root.keys where !known.contains(key) {
            let hint = nearest(to: key, in: known).map { "did you mean \"\($0)\"?" } ?? "there are \(known.joined(separator: ", "))"
            notes.refuse(key, "unknown key \"\(key)\"; \(hint)")
        }
    }
}
