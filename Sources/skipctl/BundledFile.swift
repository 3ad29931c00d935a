import FoundationEssentials
import Glibc

/// Files that come with skipd: beside the program as it was built or installed.
enum BundledFile {
    /// The path of a bundled file, `models/watch.safetensors` say.
    ///
    /// It is looked for in `etc/skipd` (the source tree, or the system's configuration) and `share/skipd` of every folder above
    /// the program, nearest first, then in /etc/skipd and /usr/share/skipd.
    static func path(_ name: String) throws(CommandFailure) -> String {
        var folders: [String] = []
        var folder = Substring(programFolder)
        while let slash = folder.lastIndex(of: "/") {
            folders += ["\(folder)/etc/skipd", "\(folder)/share/skipd"]
            folder = folder[..<slash]
        }
        for candidate in (folders + ["/etc/skipd", "/usr/share/skipd"]).map({ "\($0)/\(name)" }) where access(candidate, R_OK) == 0 { return candidate }
        throw CommandFailure("\(name) is not where skipd's files should be (etc/skipd above \(programFolder), /etc/skipd, /usr/share/skipd); is skipd installed as a whole?")
    }

    /// A program that is installed together with this one: beside it, else in `$PATH`.
    static func program(_ name: String) throws(CommandFailure) -> String {
        let folders = [programFolder] + (environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { String($0) }
        for candidate in folders.map({ "\($0)/\(name)" }) where access(candidate, X_OK) == 0 { return candidate }
        throw CommandFailure("\(name) is neither beside skipctl in \(programFolder) nor in $PATH; build or install it")
    }

    /// The folder that this program lies in.
    private static var programFolder: String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
        let path = count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : CommandLine.arguments[0]
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
