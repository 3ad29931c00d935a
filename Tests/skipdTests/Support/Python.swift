import Foundation

/// Debian's Python with pyzmq and NumPy: a ZeroMQ client that shares nothing with us but libzmq's protocol.
enum Python {
    /// The interpreter's path; nil where none has both modules.
    static let path: String? = {
        let folders = ["/usr/bin"] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return folders.map { $0 + "/python3" }.first { candidate in
            FileManager.default.isExecutableFile(atPath: candidate) && (try? Run(candidate, ["-c", "import zmq, numpy"]))?.status == 0
        }
    }()

    /// An interpreter with PyTorch and safetensors, in the folder `$SKIPD_PYTHON` or in `$PATH`; nil where none has both.
    static let withTorch: String? = {
        let folders = [ProcessInfo.processInfo.environment["SKIPD_PYTHON"] ?? "", "/usr/bin"].filter { !$0.isEmpty } + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return folders.map { $0 + "/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) && (try? Run($0, ["-c", "import torch, safetensors"]))?.status == 0 }
    }()

    /// A Boolean value indicating whether tests with it run. In CI they always do: there it must be installed.
    static var isExpected: Bool { path != nil || ProcessInfo.processInfo.environment["CI"] != nil }

    /// Runs a script and returns its output.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        guard let path else { throw TestFailure("no python3 with zmq and numpy; install Debian's python3-zmq and python3-numpy") }
        let run = try Run(path, ["-c", script] + arguments)
        guard run.status == 0 else { throw TestFailure("Python failed: \(run.errors)") }
        return run.output
    }
}
