import Glibc
import SkipStream
import ZeroMQ

/// What device a message came from, as far as its connection says: the origin that its key has given it, else its address.
///
/// Peers on the machine itself that come by ipc have neither: they are one device together. Of an IPv6 address the first half counts: whoever
/// has one address of a network has 2⁶⁴ of them.
struct MessageOrigins: Sendable {
    private let hash = NameHash()

    /// A hash of the device's identity.
    /// - Parameters:
    ///   - origin: the device's number where it has authenticated. A `User-Id` in the message is not asked: without keys a peer may claim any.
    ///   - envelope: the message's first frame, a `Message`.
    func hash(_ origin: UInt32, _ envelope: UnsafeRawPointer?) -> UInt64 {
        if origin != IncomingMessage.anyone { return withUnsafeBytes(of: origin) { hash($0) } }
        guard let message = envelope?.assumingMemoryBound(to: Message.self) else { return 0 }
        // The kernel's, and never a peer's own. It costs 100 ns, once a new stream.
        return message.pointee.withProperty("Peer-Address") { hashAddress($0) } ?? 0
    }

    private func hashAddress(_ text: UnsafeRawBufferPointer?) -> UInt64? {
        guard let text, let start = text.baseAddress, !text.isEmpty else { return nil }
        var address = in6_addr()
        // The text ends with a zero byte: libzmq's is a C string.
        guard text.contains(UInt8(ascii: ":")), inet_pton(AF_INET6, start.assumingMemoryBound(to: CChar.self), &address) == 1 else { return hash(text) }
        return withUnsafeBytes(of: &address) { hash(UnsafeRawBufferPointer(rebasing: $0.prefix(8))) }
    }
}
