import Foundation
import NATS

/// A nats-server of its own, with JetStream in a temporary folder.
package final class NATSServer {
    package static let program = "/usr/sbin/nats-server"
    package static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    package let url: String
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nats-\(UUID().uuidString)").path
    private let process = Process()

    /// Starts it at a port that the system has chosen.
    package init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["-a", "127.0.0.1", "-p", "-1", "-js", "-sd", folder, "--ports_file_dir", folder]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let ports = folder + "/nats-server_\(process.processIdentifier).ports"
        let deadline = Date.now + 30
        var address: String?
        while address == nil, Date.now < deadline {
            if let bytes = FileManager.default.contents(atPath: ports), let json = try? JSONSerialization.jsonObject(with: bytes) as? [String: [String]] { address = json["nats"]?.first }
            usleep(10_000)
        }
        guard let address else { throw NATSError("nats-server doesn't say where it listens") }
        url = address
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
