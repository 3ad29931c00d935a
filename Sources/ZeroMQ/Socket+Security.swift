import CZeroMQ

// CURVE (RFC 26): encryption and authentication of each connection. Keys are Z85 text. To be set before `bind` and `connect`.
extension Socket {
    /// Makes this socket a CURVE server with the secret key of `keys`: it talks to peers only that know its public key and, if a ZAP
    /// handler is bound to `inproc://zeromq.zap.01` in its context, that the handler lets in. Without a handler everybody is.
    public func becomeCurveServer(_ keys: CurveKeyPair) throws(ZeroMQError) {
        var one: CInt = 1
        guard zmq_setsockopt(raw, ZMQ_CURVE_SERVER, &one, MemoryLayout<CInt>.size) == 0 else {
            throw ZeroMQError(action: "make the socket a CURVE server")
        }
        try setKey(ZMQ_CURVE_SECRETKEY, keys.secretKey, "secret CURVE key")
    }

    /// Makes this socket a CURVE client with its own `keys`, that talks only to the server whose public key is `serverKey`.
    public func becomeCurveClient(_ keys: CurveKeyPair, serverKey: String) throws(ZeroMQError) {
        try setKey(ZMQ_CURVE_SERVERKEY, serverKey, "server's CURVE key")
        try setKey(ZMQ_CURVE_PUBLICKEY, keys.publicKey, "public CURVE key")
        try setKey(ZMQ_CURVE_SECRETKEY, keys.secretKey, "secret CURVE key")
    }

    /// A boolean value indicating whether connections of this socket are encrypted and authenticated with CURVE.
    public var usesCurve: Bool {
        get throws(ZeroMQError) { try get(.mechanism) == Int(ZMQ_CURVE) }
    }

    private func setKey(_ number: CInt, _ key: String, _ name: String) throws(ZeroMQError) {
        // Checked here, since libzmq takes any 32 bytes for a key in binary, a text that is too short among them.
        guard let bytes = Z85.decode(key), bytes.count == 32 else {
            throw ZeroMQError(code: invalidArgument, action: "use as the \(name) what isn't 40 characters of Z85")
        }
        try setBytes(number, bytes, name)
    }
}
