import CZeroMQ

extension Socket {
    /// Sets an option that is a number.
    public func set(_ option: SocketOption<Int>, _ value: Int) throws(ZeroMQError) {
        if option.number == ZMQ_MAXMSGSIZE {
            try set(option.number, to: Int64(value), "\(option.name) to \(value)")
        } else {
            guard let value = CInt(exactly: value) else {
                throw ZeroMQError(code: invalidArgument, action: "set the \(option.name) to \(value)")
            }
            try set(option.number, to: value, "\(option.name) to \(value)")
        }
    }

    /// Sets an option that is on or off.
    public func set(_ option: SocketOption<Bool>, _ value: Bool) throws(ZeroMQError) {
        try set(option.number, to: CInt(value ? 1 : 0), "\(option.name) to \(value)")
    }

    /// Sets an option that is a time, in whole milliseconds, rounded up.
    public func set(_ option: SocketOption<Duration?>, _ value: Duration?) throws(ZeroMQError) {
        let milliseconds = value?.clampedMilliseconds ?? -1
        try set(option.number, to: milliseconds, "\(option.name) to \(milliseconds) ms")
    }

    /// Sets an option that is a string of bytes.
    public func set(_ option: SocketOption<[UInt8]>, _ value: [UInt8]) throws(ZeroMQError) {
        try setBytes(option.number, value, option.name)
    }

    /// Reads an option that is a number.
    public func get(_ option: SocketOption<Int>) throws(ZeroMQError) -> Int {
        if option.number == ZMQ_MAXMSGSIZE { return Int(try get(option.number, Int64(0), option.name)) }
        return Int(try get(option.number, CInt(0), option.name))
    }

    /// Reads an option that is on or off.
    public func get(_ option: SocketOption<Bool>) throws(ZeroMQError) -> Bool {
        try get(option.number, CInt(0), option.name) > 0
    }

    /// Reads an option that is a time.
    public func get(_ option: SocketOption<Duration?>) throws(ZeroMQError) -> Duration? {
        let milliseconds = try get(option.number, CInt(0), option.name)
        return milliseconds < 0 ? nil : .milliseconds(milliseconds)
    }

    /// The endpoint last bound or connected to, with what stood for a wildcard: `tcp://127.0.0.1:*` becomes `tcp://127.0.0.1:40173`.
    public var lastEndpoint: String {
        get throws(ZeroMQError) {
            var length = 1_024
            let endpoint = withUnsafeTemporaryAllocation(of: CChar.self, capacity: length) { buffer -> String? in
                guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &length) == 0, length > 0 else { return nil }
                return String(cString: buffer.baseAddress!)
            }
            guard let endpoint else { throw ZeroMQError(action: "read the last endpoint") }
            return endpoint
        }
    }

    /// Asks for messages whose first frame begins with `prefix`, on a SUB; on an XPUB with `xpubManual`, grants the peer whose
    /// subscription was received last the topics that begin with it. The empty prefix is everything. Takes effect at once.
    public func subscribe(_ prefix: some Collection<UInt8>) throws(ZeroMQError) {
        try setBytes(ZMQ_SUBSCRIBE, Array(prefix), "subscription")
    }

    /// Takes one such subscription back.
    public func unsubscribe(_ prefix: some Collection<UInt8>) throws(ZeroMQError) {
        try setBytes(ZMQ_UNSUBSCRIBE, Array(prefix), "unsubscription")
    }

    func setBytes(_ number: CInt, _ value: [UInt8], _ name: String) throws(ZeroMQError) {
        let failed = value.withUnsafeBytes { zmq_setsockopt(raw, number, $0.baseAddress, $0.count) != 0 }
        if failed { throw ZeroMQError(action: "set the \(name) to \(value.count) bytes") }
    }

    private func set(_ number: CInt, to value: some BitwiseCopyable, _ assignment: String) throws(ZeroMQError) {
        let failed = withUnsafeBytes(of: value) { zmq_setsockopt(raw, number, $0.baseAddress, $0.count) != 0 }
        if failed { throw ZeroMQError(action: "set the \(assignment)") }
    }

    private func get<Value: BitwiseCopyable>(_ number: CInt, _ zero: Value, _ name: String) throws(ZeroMQError) -> Value {
        var value = zero
        var size = MemoryLayout<Value>.size
        guard zmq_getsockopt(raw, number, &value, &size) == 0 else { throw ZeroMQError(action: "read the \(name)") }
        return value
    }
}
