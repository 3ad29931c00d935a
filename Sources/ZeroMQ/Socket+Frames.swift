public import CZeroMQ // Public, since inlinable code calls it.

// Receiving and sending. The functions a loop calls for each message are inlinable and add nothing to the C call but a test of its
// result; what happens on a failure is out of line.
extension Socket {
    /// Receives one frame into `message`, whose previous content is given back in any case. With `wait` false, or once a receive timeout
    /// is over, false means that there was nothing. Interruptions by signals are retried.
    ///
    /// The corresponding C function is `zmq_msg_recv`.
    @inlinable
    public func receive(into message: inout Message, wait: Bool = false) throws(ZeroMQError) -> Bool {
        try receiveCount(into: message, wait: wait) != nil
    }

    /// Receives one frame into `message` without waiting; its bytes, one call cheaper than `message.bytes` and valid as long, or nil where
    /// there is none.
    @inlinable
    public func receiveBytes(into message: inout Message) throws(ZeroMQError) -> UnsafeRawBufferPointer? {
        guard let count = try receiveCount(into: message, wait: false) else { return nil }
        // libzmq's count is an Int32 and stops there.
        return UnsafeRawBufferPointer(start: zmq_msg_data(message.raw), count: count < Int32.max ? Int(count) : zmq_msg_size(message.raw))
    }

    /// The received frame's bytes, as libzmq counts them; nil where there is none.
    @inlinable @inline(__always)
    func receiveCount(into message: borrowing Message, wait: Bool) throws(ZeroMQError) -> CInt? {
        while true {
            let count = zmq_msg_recv(message.raw, raw, wait ? 0 : ZMQ_DONTWAIT)
            if count >= 0 { return count }
            guard try retryReceive() else { return nil }
        }
    }

    /// Sends a copy of `bytes` as one frame; `more` announces another frame of the same message. False means that the frame would have
    /// had to wait (a full high-water mark, no peer yet), or that the send timeout is over. Interruptions by signals are retried.
    ///
    /// The corresponding C function is `zmq_send`.
    @inlinable
    public func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false, wait: Bool = false) throws(ZeroMQError) -> Bool {
        while zmq_send(raw, bytes.baseAddress, bytes.count, (wait ? 0 : ZMQ_DONTWAIT) | (more ? ZMQ_SNDMORE : 0)) < 0 {
            guard try retrySend() else { return false }
        }
        return true
    }

    /// Sends `message` without copying its bytes, which leaves it empty; if false comes back, it is unchanged.
    ///
    /// The corresponding C function is `zmq_msg_send`.
    @inlinable
    public func send(_ message: inout Message, more: Bool = false, wait: Bool = false) throws(ZeroMQError) -> Bool {
        while zmq_msg_send(message.raw, raw, (wait ? 0 : ZMQ_DONTWAIT) | (more ? ZMQ_SNDMORE : 0)) < 0 {
            guard try retrySend() else { return false }
        }
        return true
    }

    /// Sends a copy of `bytes` as one frame.
    @inlinable
    public func send(_ bytes: [UInt8], more: Bool = false, wait: Bool = false) throws(ZeroMQError) -> Bool {
        var sent = false
        var failure: ZeroMQError?
        bytes.withUnsafeBytes { buffer in
            do throws(ZeroMQError) { sent = try send(buffer, more: more, wait: wait) } catch { failure = error }
        }
        if let failure { throw failure }
        return sent
    }

    /// Sends the text's UTF-8 as one frame.
    public func send(_ text: String, more: Bool = false, wait: Bool = false) throws(ZeroMQError) -> Bool {
        try send(Array(text.utf8), more: more, wait: wait)
    }

    /// True to try again, false if the call would have had to wait.
    @usableFromInline @inline(never)
    func retryReceive() throws(ZeroMQError) -> Bool { try retry("receive a frame") }

    @usableFromInline @inline(never)
    func retrySend() throws(ZeroMQError) -> Bool { try retry("send a frame") }

    private func retry(_ action: StaticString) throws(ZeroMQError) -> Bool {
        switch zmq_errno() {
        case interrupted: true
        case wouldBlock: false
        case let code: throw ZeroMQError(code: code, action: "\(action)")
        }
    }
}

// Whole messages as arrays, for tools and tests: each frame is copied.
extension Socket {
    /// Receives all frames of one message, or nil if there is none (see `receive(into:wait:)`).
    public func receiveMultipart(wait: Bool = false) throws(ZeroMQError) -> [[UInt8]]? {
        var message = Message()
        guard try receive(into: &message, wait: wait) else { return nil }
        var frames = [Array(message.bytes)]
        while message.more {
            // libzmq delivers the frames of a message together, so the others are there.
            guard try receive(into: &message, wait: true) else { break }
            frames.append(Array(message.bytes))
        }
        return frames
    }

    /// Sends all frames as one message; false means that the message would have had to wait, and none of it was sent.
    public func sendMultipart(_ frames: [[UInt8]], wait: Bool = false) throws(ZeroMQError) -> Bool {
        for (index, frame) in frames.enumerated() {
            // Past its first frame a message never has to wait, since libzmq counts whole messages; and if its connection breaks
            // meanwhile, libzmq takes the first frames back.
            guard try send(frame, more: index < frames.count - 1, wait: wait) else { return false }
        }
        return true
    }
}
