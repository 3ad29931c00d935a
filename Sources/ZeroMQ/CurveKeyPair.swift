import CZeroMQ

/// A CURVE key pair, each key 40 characters of Z85 text as ZeroMQ writes it (32 bytes).
public struct CurveKeyPair: Hashable, Sendable {
    public let publicKey: String
    public let secretKey: String

    /// Makes a new random pair. The corresponding C function is `zmq_curve_keypair`.
    public static func random() throws(ZeroMQError) -> CurveKeyPair {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secretKey = publicKey
        guard zmq_curve_keypair(&publicKey, &secretKey) == 0 else { throw ZeroMQError(action: "make a CURVE key pair") }
        return CurveKeyPair(publicKey: text(publicKey), secretKey: text(secretKey))
    }

    /// Finds the public key that belongs to `secretKey`. The corresponding C function is `zmq_curve_public`.
    public init(secretKey: String) throws(ZeroMQError) {
        var publicKey = [CChar](repeating: 0, count: 41)
        guard Z85.decode(secretKey)?.count == 32, zmq_curve_public(&publicKey, secretKey) == 0 else {
            throw ZeroMQError(code: invalidArgument, action: "use a secret key that isn't 40 characters of Z85")
        }
        self.init(publicKey: Self.text(publicKey), secretKey: secretKey)
    }

    private init(publicKey: String, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    private static func text(_ terminated: [CChar]) -> String {
        String(decoding: terminated.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension CurveKeyPair: CustomStringConvertible {
    /// The public key only, so that no log ever shows the secret one.
    public var description: String { "CURVE key pair \(publicKey)" }
}
