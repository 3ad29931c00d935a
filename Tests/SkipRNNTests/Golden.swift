import Foundation
import SkipRNN
import Testing

/// The golden files: the authors' cells, run in Float64 under TensorFlow; see `Tests/Fixtures/golden/manifest.json`.
enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/golden")

    /// The files of some kinds, by name, as their metadata says.
    static func files(_ kinds: Set<String>) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") }.sorted().filter { name in
            (try? open(name).metadata["kind"]).map { kinds.contains($0) } ?? false
        }
    }

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

    static func open(_ name: String) throws -> Safetensors { try Safetensors(contentsOf: folder.appending(path: name).path) }
}
