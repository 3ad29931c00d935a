import Foundation
import Testing
import ZeroMQ

/// Who may have which results: subscriptions of devices with keys.
@Suite(.serialized) struct GuardedSubscriptionTests {
    private static let rights = [
        "pump": "publish=[\"watch/**\"]", "one": "subscribe=[\"result/watch/1/\", \"event/watch/1/\"]", "two": "subscribe=[\"result/watch/2/\"]",
        "all": "subscribe=[\"\"]",
    ]

    /// Publishes a timestep of each stream; the first one of a sequence is always read, so each has a result.
    private func publish(_ device: KeyedSocket, _ names: [String], boot: UInt32) throws {
        for name in names {
            var sample = Sample.one(name, seq: 0)
            sample.boot = boot
            try device.send(sample)
        }
    }

    private let names = ["watch/1/a", "watch/2/a", "watch/1/b", "watch/10/a"]

    @Test("a subscription must extend a granted prefix; shorter, empty, others' and wildcards bring nothing")
    func grants() throws {
        let guarded = try GuardedDaemon(Self.rights)
        let all = try guarded.subscriber("all", [""])
        let prefixes = ["", "result/", "result/watch/1", "result/watch/2/", "result/watch/*", "result/**", "*", "result/watch/1/*", "result/watch/1/", "event/", "\u{1}"]
        let one = try guarded.subscriber("one", prefixes)
        // Those that are granted: one's own, its glob taken literally, and the one for all.
        try guarded.daemon.waitForStatus("the subscriptions") { $0["subscriptions"] == 3 }
        try guarded.daemon.waitForLog("refused one a subscription to")
        let device = try guarded.device("pump")
        try publish(device, names, boot: 7)
        #expect(try all.receive(4).map(\.topic) == names.map { "result/\($0)" })
        #expect(try one.receive(2).map(\.topic) == ["result/watch/1/a", "result/watch/1/b"])
        // What comes next is next for both.
        try publish(device, ["watch/2/a", "watch/1/b"], boot: 8)
        // With an event each, since the device has restarted.
        #expect(try all.receive(4).map(\.topic).filter { $0.hasPrefix("result/") } == ["result/watch/2/a", "result/watch/1/b"])
        #expect(try one.receive(1).map(\.topic) == ["result/watch/1/b"])
    }

    @Test("a revoked subscriber gets nothing from the reload on, though it stays connected; others come back by themselves")
    func revoked() throws {
        let guarded = try GuardedDaemon(Self.rights)
        let (one, all) = (try guarded.subscriber("one", ["result/watch/1/"]), try guarded.subscriber("all", ["result/"]))
        try guarded.daemon.waitForStatus("the subscriptions") { $0["subscriptions"] == 2 }
        let device = try guarded.device("pump")
        try publish(device, names, boot: 7)
        #expect(try one.receive(2).count == 2)
        #expect(try all.receive(4).count == 4)
        try guarded.authorize(["one": nil])
        try guarded.waitForSubscriptions(1, by: [one, all])
        try guarded.daemon.waitForLog("its key \(guarded.keyPair("one").publicKey) is not authorized")
        try publish(device, names, boot: 8)
        #expect(try all.receive(4).map(\.topic) == names.map { "result/\($0)" })
        #expect(try one.socket.receiveMultipart() == nil)
        // Fewer rights take effect as well, and more; a reload that takes nothing away disturbs nobody.
        // The monitor may hear of the second one later than its messages come.
        try all.wait("the handshake of those who came back") { $0.handshakes == 2 }
        try guarded.authorize(["one": "subscribe=[\"result/watch/1/b\"]"])
        #expect(try guarded.daemon.status()["subscriptions"] == 1)
        let again = try guarded.subscriber("one", ["result/watch/1/", "result/watch/1/b"])
        try guarded.waitForSubscriptions(2, by: [all])
        try publish(device, names, boot: 9)
        #expect(try again.receive(1).map(\.topic) == ["result/watch/1/b"])
        #expect(try all.receive(4).count == 4)
        #expect(all.monitor.counts.handshakes == 2)
    }

    @Test("nobody's unsubscription takes another's results away, be it never subscribed to, refused, or subscribed to twice")
    func foreignUnsubscriptions() throws {
        let guarded = try GuardedDaemon(Self.rights)
        let two = try guarded.subscriber("two", ["result/watch/2/"])
        try guarded.daemon.waitForStatus("the subscription") { $0["subscriptions"] == 1 }
        var meddler: KeyedSocket? = try guarded.subscriber("one", ["result/watch/2/", "result/watch/2/"], kind: .xsub)
        for _ in 0..<3 { _ = try meddler?.socket.send([0] + Array("result/watch/2/".utf8), wait: true) }
        _ = try meddler?.socket.send([1] + Array("result/watch/2/".utf8), wait: true)
        _ = try meddler?.socket.send([1] + Array("result/watch/1/".utf8), wait: true)
        try guarded.daemon.waitForStatus("all of it") { $0["subscriptions"] == 2 }
        let device = try guarded.device("pump")
        try publish(device, names, boot: 7)
        #expect(try two.receive(1).map(\.topic) == ["result/watch/2/a"])
        // Nor does its end, of which libzmq tells without saying whose it is.
        meddler = nil
        try guarded.daemon.waitForStatus("its end") { $0["subscriptions"] == 1 }
        try publish(device, names, boot: 8)
        #expect(try two.receive(1).map(\.topic) == ["result/watch/2/a"])
    }

    /// libzmq 4.3.4 pairs subscriptions granted by hand with their connections by counting messages, and counts wrong after one that is no
    /// subscription: what is granted to one might reach another.
    @Test("a device that sends what no subscriber sends is shut out of the results, and everybody else comes back", arguments: [[[0x78]], [[]], [[0x78], [1, 0x72]], [[2]]] as [[[UInt8]]])
    func misuse(frames: [[UInt8]]) throws {
        let guarded = try GuardedDaemon(Self.rights)
        let two = try guarded.subscriber("two", ["result/watch/2/"])
        let culprit = try guarded.subscriber("one", ["result/watch/1/"], kind: .xsub)
        try guarded.daemon.waitForStatus("the subscriptions") { $0["subscriptions"] == 2 }
        #expect(try culprit.socket.sendMultipart(frames, wait: true))
        try guarded.daemon.waitForLog("one has sent [results] a message that is no subscription")
        try guarded.daemon.waitForLog("one has sent what no subscriber sends; a reload lets it in again")
        try guarded.waitForSubscriptions(1, by: [two])
        let device = try guarded.device("pump")
        try publish(device, names, boot: 7)
        #expect(try two.receive(1).map(\.topic) == ["result/watch/2/a"])
        #expect(try culprit.socket.receiveMultipart() == nil)
        try guarded.authorize([:])
        let pardoned = try guarded.subscriber("one", ["result/watch/1/"])
        try guarded.waitForSubscriptions(2, by: [pardoned])
    }
}
