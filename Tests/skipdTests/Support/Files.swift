import Foundation

/// Where things are that the tests use.
enum Files {
    /// A program built beside the tests.
    static func program(_ name: String) -> String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// The repository.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let model = root + "/etc/skipd/models/watch.safetensors"
    static let recordings = root + "/etc/skipd/recordings/watch-seven.safetensors"

    /// A new folder with a short path: a socket's has at most 107 bytes.
    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/skipd-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no temporary folder can be made") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `Tests/Faults/faults.c` for LD_PRELOAD, compiled by the toolchain's own C compiler.
    static func faults(in folder: String) throws -> String {
        let library = folder + "/faults.so"
        let run = try Run("/usr/bin/env", ["clang", "-shared", "-fPIC", "-O1", "-o", library, root + "/Tests/Faults/faults.c", "-ldl"])
        guard run.status == 0 else { throw TestFailure("the faults can't be compiled: \(run.errors)") }
        return library
    }
}

/// Why a test can't go on.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
