import Foundation

/// The real skipd with its states in a folder that outlives it.
struct KeepingDaemon {
    let states: String
    var interval = "20ms"
    var environment: [String: String] = [:]

    /// A state folder that is gone with the returned value's owner.
    init() throws { states = try Files.temporaryFolder() }

    func remove() { try? FileManager.default.removeItem(atPath: states) }

    /// Starts it; returns when it has taken its streams back and answers.
    func start(model: String = Files.model, more: String = "") throws -> RunningDaemon {
        try RunningDaemon(configuration: { folder in
            RunningDaemon.configuration(folder, model: model, more: more)
                .replacingOccurrences(of: "directory = \"\"", with: "directory = \"\(states)\"\ncheckpoint_interval = \"\(interval)\"")
        }, environment: environment)
    }

    /// The names in the state folder.
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: states)) ?? []).sorted() }
}

extension RunningDaemon {
    /// Where each stream goes on; 0 where skipd doesn't know it.
    func positions(_ streams: [String]) throws -> [Int] {
        let reply = try ask("{\"op\":\"streams\",\"prefix\":\"watch/\",\"limit\":10000}")
        var positions: [String: Int] = [:]
        for stream in reply["streams"] as? [[String: Any]] ?? [] {
            if let name = stream["stream"] as? String, let next = stream["next_seq"] as? Int { positions[name] = next }
        }
        return streams.map { positions[$0] ?? 0 }
    }
}
