import Foundation
import SkipRNN
import Testing

/// The golden files: the authors' cells, run in Float64 under TensorFlow; see `Tests/Fixtures/golden/manifest.json`.
enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/golden")

    /// The files of a kind, by name, as their metadata says.
    static func files(_ kind: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") }.sorted().filter { (try? open($0).metadata["kind"]) == kind }
    }

    static func open(_ name: String) throws -> Safetensors { try Safetensors(contentsOf: folder.appending(path: name).path) }

    /// Tensors under one prefix as a model file: the importer's own conversion of the authors' names and layouts.
    static func model(_ file: Safetensors, under prefix: String) throws -> ModelFile {
        var writer = SafetensorsWriter()
        for (name, entry) in file.entries where name.hasPrefix(prefix) {
            writer.add("weight/" + name.dropFirst(prefix.count), shape: entry.shape, floats: file.floats(name) ?? [])
        }
        return try ModelImport(Safetensors(bytes: writer.encoded(), file: prefix), .init()).file
    }
}
