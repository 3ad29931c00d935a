import Foundation

/// The container's files: a root with nothing in it, and the layer that is laid over the machine's `/usr`.
struct Layout: Sendable {
    private let directory: URL
    let root: URL
    private let layer: URL

    /// The repository, and the folder where this build's programs lie beside this test's.
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("skipd-container-\(UUID().uuidString.prefix(8))")
        root = directory.appendingPathComponent("root")
        layer = directory.appendingPathComponent("usr")
        for name in ["usr", "etc", "var", "run", "tmp", "root", "proc", "sys", "dev"] {
            try FileManager.default.createDirectory(at: root.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for name in ["bin", "sbin", "lib", "lib64"] {
            try FileManager.default.createSymbolicLink(atPath: root.appendingPathComponent(name).path, withDestinationPath: "usr/\(name)")
        }
        try FileManager.default.createDirectory(at: layer.appendingPathComponent("lib"), withIntermediateDirectories: true)
        // Made here so that the machine's own need not be: no other accounts than root and what our sysusers file asks for.
        try write("root:x:0:0:root:/root:/bin/sh\n", to: "etc/passwd")
        try write("root:x:0:\n", to: "etc/group")
        try write("ID=debian\n", to: "etc/os-release")
        try write("", to: "etc/machine-id")
    }

    /// Puts skipd into the layer and the root, as `make install` does, and the Swift libraries this build needs where the loader looks.
    func install() throws {
        for program in ["skipd", "skipctl"] {
            let file = Self.products.appendingPathComponent(program)
            guard FileManager.default.fileExists(atPath: file.path) else { throw Failure("\(file.path) isn't built") }
            try copy(file, to: "bin/\(program)")
            // "	libswiftCore.so => …/usr/lib/swift/linux/libswiftCore.so (0x00007f…)"
            for line in try Command.run(["ldd", file.path]).output.split(separator: "\n") {
                guard let path = line.split(separator: " ").first(where: { $0.hasPrefix("/") }).map(String.init),
                      !path.hasPrefix("/usr/"), !path.hasPrefix("/lib") else { continue }
                try copy(URL(fileURLWithPath: path), to: "lib/\(path.split(separator: "/").last!)")
            }
        }
        try copy(Self.repository.appendingPathComponent("systemd/skipd.service"), to: "lib/systemd/system/skipd.service")
        let units = Self.repository.appendingPathComponent("systemd").path
        let template = try Command.run(["sed", "-f", "\(units)/skipd@.sed", "\(units)/skipd.service"])
        try Data((template.output + "\n").utf8).write(to: layer.appendingPathComponent("lib/systemd/system/skipd@.service"))
        try copy(Self.repository.appendingPathComponent("systemd/skipd.sysusers"), to: "lib/sysusers.d/skipd.conf")
        try copy(Self.repository.appendingPathComponent("etc/skipd/recordings"), to: "share/skipd/recordings")
        try FileManager.default.copyItem(at: Self.repository.appendingPathComponent("etc/skipd"), to: root.appendingPathComponent("etc/skipd"))
    }

    /// What systemd-nspawn is told in any case. It registers with no manager, so it needs none outside.
    var arguments: [String] {
        [
            "--directory=\(root.path)", "--overlay-ro=/usr:\(layer.path):/usr", "--private-network",
            "--register=no", "--keep-unit", "--link-journal=no", "--console=pipe",
        ]
    }

    func remove() {
        try? FileManager.default.removeItem(at: directory)
    }

    private func copy(_ file: URL, to path: String) throws {
        let target = layer.appendingPathComponent(path)
        guard !FileManager.default.fileExists(atPath: target.path) else { return }
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file.resolvingSymlinksInPath(), to: target)
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(to: root.appendingPathComponent(path), atomically: false, encoding: .utf8)
    }
}
