import Glibc
public import SkipRNN

/// A CURVE key in a file, as CZMQ and pyzmq write and read it (`zmq.auth.load_certificate`), or the bare 40 characters.
///
///     curve
///         public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
///         secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
public enum KeyFile {
    /// The text of a file with both keys, or with the public one only.
    public static func text(_ comment: String, publicKey: String, secretKey: String? = nil) -> String {
        let secret = secretKey.map { "    secret-key = \"\($0)\"\n" } ?? ""
        return "# \(comment)\ncurve\n    public-key = \"\(publicKey)\"\n\(secret)"
    }

    /// Reads a secret key. A file that others may read is refused, since then it is none.
    public static func secretKey(_ path: String) throws(FileFormatError) -> String {
        var information = stat()
        if stat(path, &information) == 0, information.st_mode & 0o007 != 0 { throw FileFormatError(path, "holds a secret key that everybody may get at; chmod 600 it") }
        guard let key = value("secret-key", in: try readFile(path)) else { throw FileFormatError(path, "has no secret key: secret-key = \"…\" or nothing but its 40 characters was expected") }
        return key
    }

    /// Reads a public key.
    public static func publicKey(_ path: String) throws(FileFormatError) -> String {
        guard let key = value("public-key", in: try readFile(path)) else { throw FileFormatError(path, "has no public key: public-key = \"…\" or nothing but its 40 characters was expected") }
        return key
    }

    /// Finds a key in a file's bytes; nil where it isn't there or is none.
    package static func value(_ name: String, in bytes: [UInt8]) -> String? {
        // A line break in Windows' way is one character to Swift, so bytes are split.
        let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { String(decoding: $0, as: UTF8.self) }
        for line in lines where !isRemark(line) {
            let trimmed = line.trimmed { $0 == " " || $0 == "\t" }
            if lines.count(where: { !isRemark($0) }) == 1, CurveKeyText.isValid(trimmed) { return String(trimmed) }
            guard let equals = trimmed.firstIndex(of: "="), trimmed[..<equals].trimmed(where: { $0 == " " || $0 == "\t" }) == name[...] else { continue }
            let value = trimmed[trimmed.index(after: equals)...].trimmed { $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "'" }
            return CurveKeyText.isValid(value) ? String(value) : nil
        }
        return nil
    }

    private static func isRemark(_ line: String) -> Bool {
        let text = line.drop { $0 == " " || $0 == "\t" }
        return text.isEmpty || text.first == "#"
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate func trimmed(where isEdge: (Character) -> Bool) -> Substring {
        var text = self.drop(while: isEdge)
        while let last = text.last, isEdge(last) { text.removeLast() }
        return text
    }
}
