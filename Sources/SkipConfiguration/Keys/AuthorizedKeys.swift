import Glibc
import SkipRNN

/// Reads authorized keys: a file with a device a line, or a folder of such files.
public enum AuthorizedKeys {
    /// Reads a file, or all files of a folder in the order of their names, but for hidden ones and those that end in ~.
    /// - Throws: everything that is wrong in them, with file and line.
    public static func read(_ path: String) throws(ConfigurationError) -> [AuthorizedKey] {
        var problems: [ConfigurationProblem] = []
        var keys: [AuthorizedKey] = []
        var places: [String: ConfigurationPlace] = [:]
        for file in try files(path) {
            do throws(ConfigurationError) {
                for (key, line) in try read(file: file) {
                    let place = ConfigurationPlace(file: file, line: line)
                    if let first = places[key.publicKey] {
                        problems.append(ConfigurationProblem(place, "the key of \(key.name) is in \(first) already; a key has one line"))
                    }
                    places[key.publicKey] = place
                    keys.append(key)
                }
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        return keys
    }

    /// Reads a file's text.
    package static func read(_ text: String, file: String) throws(ConfigurationError) -> [(key: AuthorizedKey, line: Int)] {
        var problems: [ConfigurationProblem] = []
        var keys: [(AuthorizedKey, Int)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
            if content.isEmpty || isComment(content) { continue }
            do throws(AuthorizedKey.Problem) {
                keys.append((try AuthorizedKey(line: content), index + 1))
            } catch {
                problems.append(ConfigurationProblem(ConfigurationPlace(file: file, line: index + 1), error.sentence))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        return keys
    }

    /// No key begins with #: as the first of five digits it would stand for more than four bytes hold.
    private static func isComment(_ line: Substring) -> Bool { line.first == "#" }

    private static func read(file: String) throws(ConfigurationError) -> [(key: AuthorizedKey, line: Int)] {
        func fail(_ sentence: String) -> ConfigurationError { ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: file), sentence)]) }
        var information = stat()
        if stat(file, &information) == 0, information.st_mode & 0o002 != 0 { throw fail("may be written by anybody, who could then let anybody in; chmod o-w it") }
        let bytes: [UInt8]
        do throws(FileFormatError) { bytes = try readFile(file) } catch { throw fail(error.problem) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fail("is not UTF-8 text") }
        // Of a line's end in Windows' way Swift makes one character, which is no line break.
        return try read(String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\r" })), file: file)
    }

    private static func files(_ path: String) throws(ConfigurationError) -> [String] {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let folder = opendir(path) else {
            throw ConfigurationError([ConfigurationProblem(ConfigurationPlace(file: path), "can't be read: \(String(cString: strerror(errno)))")])
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix("."), !name.hasSuffix("~") { names.append(name) }
        }
        return names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }
}
