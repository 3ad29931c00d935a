import NIOCore
import NIOHTTPTypes
import Synchronization

/// The connections that have no request in work: nothing whole has come on them yet, or all is answered. Past `most` of them the one that has
/// waited longest is closed, so that whoever opens many and sends nothing doesn't keep a health check out.
final class WaitingConnections: Sendable {
    private let most: Int
    /// The longest waiting first.
    private let channels = Mutex<[any Channel]>([])

    init(most: Int) { self.most = most }

    func join(_ channel: any Channel) {
        let longest: (any Channel)? = channels.withLock { channels in
            channels.append(channel)
            return channels.count > most ? channels.removeFirst() : nil
        }
        longest?.close(promise: nil)
    }

    func leave(_ channel: any Channel) { channels.withLock { $0.removeAll { $0 === channel } } }

    /// Tells from a connection's requests and responses when it waits.
    final class Handler: ChannelDuplexHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        private let connections: WaitingConnections

        init(_ connections: WaitingConnections) { self.connections = connections }

        func handlerAdded(context: ChannelHandlerContext) {
            let channel = context.channel
            connections.join(channel)
            channel.closeFuture.whenComplete { [connections] _ in connections.leave(channel) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .end = unwrapInboundIn(data) { connections.leave(context.channel) }
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .end = unwrapOutboundIn(data), context.channel.isActive { connections.join(context.channel) }
            context.write(data, promise: promise)
        }
    }
}
