import SkipConfiguration
package import SkipRNN
package import ZeroMQ

/// skipd's own key pair.
package enum ServerKey {
    private static let credentials = "$CREDENTIALS_DIRECTORY/"

    /// A Boolean value indicating whether a path means what systemd hands to the running service only, and this process isn't it.
    static func isOutOfReach(_ path: String) -> Bool { path.hasPrefix(credentials) && folder == nil }

    private static var folder: String? { Configuration.environment("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 } }

    /// Reads the secret key's file, or systemd credential, and finds the public key to it.
    package static func read(_ path: String) throws(FileFormatError) -> CurveKeyPair {
        var file = path
        if path.hasPrefix(credentials) {
            let name = path.dropFirst(credentials.count)
            guard let folder else { throw FileFormatError(path, "systemd has handed over no credential; the unit's LoadCredential=\(name) takes it from /etc/credstore/\(name)") }
            file = "\(folder)/\(name)"
        }
        let secret = try KeyFile.secretKey(file)
        do throws(ZeroMQError) { return try CurveKeyPair(secretKey: secret) } catch { throw FileFormatError(file, "has a secret key that is none") }
    }
}
