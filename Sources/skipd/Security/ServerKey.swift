import SkipConfiguration
package import SkipRNN
package import ZeroMQ

/// skipd's own key pair.
package enum ServerKey {
    private static let credentials = "$CREDENTIALS_DIRECTORY/"

    /// A Boolean value indicating whether a path means what systemd hands to the running service only, and this process isn't it.
    static func isOutOfReach(_ path: String) -> Bool { path.hasPrefix(credentials) && folder == nil }

    private static var folder: String? { Configuration.environment("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 } }

    /// The file that a path means, which may be `$CREDENTIALS_DIRECTORY/NAME`.
    static func file(_ path: String) throws(FileFormatError) -> String {
        guard path.hasPrefix(credentials) else { return path }
        let name = path.dropFirst(credentials.count)
        guard let folder else { throw FileFormatError(path, "systemd has handed over no credential; the unit's LoadCredential=\(name) takes it from /etc/credstore/\(name)") }
        return "\(folder)/\(name)"
    }

    /// Reads the secret key's file, or systemd credential, and finds the public key to it.
    package static func read(_ path: String) throws(FileFormatError) -> CurveKeyPair {
        let file = try self.file(path)
        let secret = try KeyFile.secretKey(file)
        do throws(ZeroMQError) { return try CurveKeyPair(secretKey: secret) } catch { throw FileFormatError(file, "has a secret key that is none") }
    }
}
