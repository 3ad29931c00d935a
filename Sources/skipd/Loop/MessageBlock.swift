import CSkipKernels
import SkipStream
import ZeroMQ

/// The messages of a block, with room that is allocated once: 64 messages of three frames each.
struct MessageBlock: ~Copyable {
    private let frames: UnsafeMutablePointer<Message>
    private let messages: UnsafeMutablePointer<IncomingMessage>
    /// Frames past a message's third, which make it unusable, are received and forgotten here.
    private var surplus = Message()
    /// Messages received.
    private(set) var count = 0
    /// A Boolean value indicating whether a frame is so large that it is given back with the block.
    private var hasLarge = false

    static let capacity = StreamProcessor.blockSize
    private static let framesKept = 3
    /// Frames larger than this are given back after their block, so that large messages don't stay in memory.
    private static let largestKept = 4096

    init() {
        frames = .allocate(capacity: Self.capacity * Self.framesKept)
        for index in 0..<Self.capacity * Self.framesKept { (frames + index).initialize(to: Message()) }
        messages = .allocate(capacity: Self.capacity)
    }

    deinit {
        frames.deinitialize(count: Self.capacity * Self.framesKept)
        frames.deallocate()
        messages.deallocate()
    }

    var isFull: Bool { count == Self.capacity }

    /// The messages, valid until the block is cleared.
    var incoming: UnsafeBufferPointer<IncomingMessage> { UnsafeBufferPointer(start: messages, count: count) }

    /// Whom the messages of a socket are from.
    enum Sender {
        /// Always the same origin.
        case known(UInt32)
        /// The device that the ZAP handler has let in.
        case device
    }

    /// Receives a message, if there is one and there is room.
    /// - Returns: false where there was none.
    mutating func receive(from socket: borrowing Socket, _ sender: Sender) throws(ZeroMQError) -> Bool {
        let start = frames + count * Self.framesKept
        guard let first = try receiveFrame(from: socket, into: start) else { return false }
        var message = IncomingMessage(first, frameCount: 1, envelope: UnsafeRawPointer(start))
        switch sender {
        case .known(let origin): message.origin = origin
        case .device: message.origin = start[0].withProperty("User-Id") { $0.flatMap { PeerIdentity($0)?.device } } ?? IncomingMessage.nobody
        }
        if start[0].more { try receiveFurther(from: socket, start, &message) }
        messages[count] = message
        count += 1
        return true
    }

    /// Receives a frame that is kept until its block has been worked off; nil where there is none.
    @inline(__always)
    private mutating func receiveFrame(from socket: borrowing Socket, into frame: UnsafeMutablePointer<Message>) throws(ZeroMQError) -> UnsafeRawBufferPointer? {
        guard let bytes = try socket.receiveBytes(into: &frame.pointee) else { return nil }
        // Another core has written it: what is received next hides the way of its first line.
        if let start = bytes.baseAddress { skip_prefetch(start) }
        if bytes.count > Self.largestKept { hasLarge = true }
        return bytes
    }

    private mutating func receiveFurther(from socket: borrowing Socket, _ start: UnsafeMutablePointer<Message>, _ message: inout IncomingMessage) throws(ZeroMQError) {
        var more = true
        // libzmq hands out a message when all of it is there, so none of these waits.
        while more {
            switch message.frameCount {
            case 1:
                guard let second = try receiveFrame(from: socket, into: start + 1) else { return }
                message.second = second
                more = start[1].more
            case 2:
                guard let third = try receiveFrame(from: socket, into: start + 2) else { return }
                message.third = third
                more = start[2].more
            default:
                guard try socket.receive(into: &surplus) else { return }
                more = surplus.more
            }
            message.frameCount += 1
        }
        if message.frameCount > Self.framesKept { surplus.clear() }
    }

    /// Forgets the messages.
    mutating func clear() {
        if hasLarge {
            for index in 0..<count * Self.framesKept where frames[index].count > Self.largestKept { frames[index].clear() }
        }
        hasLarge = false
        count = 0
    }
}
