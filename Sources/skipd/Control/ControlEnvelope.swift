import ZeroMQ

/// A request as the ROUTER hands it out: where the reply goes, then the request's one frame.
struct ControlEnvelope: Sendable {
    /// The peer's routing id and, for a REQ, the empty frame behind it: sent back as they came.
    let address: [[UInt8]]
    /// nil where the message is not one frame behind its address.
    let body: [UInt8]?

    /// - Parameter frames: at least the routing id, which the ROUTER puts there itself.
    init(_ frames: [[UInt8]]) {
        let hasDelimiter = frames.count > 1 && frames[1].isEmpty && frames.count != 2
        address = Array(frames.prefix(hasDelimiter ? 2 : 1))
        let bodies = frames.dropFirst(address.count)
        body = bodies.count == 1 ? bodies.first : nil
    }
}
