package import SkipConfiguration
package import SkipStream
import Synchronization

/// Who is let in, and what for. The ZAP handler asks it at each handshake; the sample loop gets what devices may do as values.
///
/// Each public key has a number, the device's, for as long as the process runs, whatever reloads do; so has each endpoint that skipd connects
/// to as a CURVE client. Numbers begin at 1: 0 is whoever needs no rights.
package final class AccessRegistry: Sendable {
    /// Where a peer wants to connect to: a socket's ZAP domain.
    package enum Door: String, Sendable { case ingest, results }

    /// What a handshake comes to.
    package enum Verdict: Equatable { case letIn(PeerIdentity), refused(String) }

    /// What the sample loop has to know, by device number.
    package struct Rights: Sendable {
        package var publish = PublishGrants()
        package var subscribe = SubscribeGrants()
        package var names = [""]
        /// A Boolean value indicating whether a subscription that was granted before might not be now.
        package var takesSubscriptionsAway = false
    }

    fileprivate struct State {
        /// By public key, or by endpoint.
        var numbers: [String: UInt32] = [:]
        /// By number; nil for a key that isn't authorized any more.
        var devices: [AuthorizedKey?] = [nil]
        /// Devices that misused the results' endpoint, and may not connect there before the next reload.
        var barred: Set<UInt32> = []
        var allow: [AddressRange]?
        var connections: UInt64 = 0
    }

    private let state = Mutex(State())
    /// A Boolean value indicating whether only devices with a key are let in; else whoever has a fitting address.
    private let asksForKeys: Bool

    package init(asksForKeys: Bool) { self.asksForKeys = asksForKeys }

    /// Puts other keys, addresses and peers in force; connections are let in by them from now on.
    /// - Returns: the rights, which the loop is to be given.
    package func replace(keys: [AuthorizedKey], peers: [Peer], allow: [AddressRange]?) -> Rights {
        state.withLock { state in
            let before = state.devices
            state.devices = before.map { _ in nil }
            let endpoints = peers.map { AuthorizedKey(publicKey: $0.endpoint.text, name: $0.endpoint.text, publish: $0.publish) }
            for device in keys + endpoints {
                let number = state.numbers[device.publicKey] ?? UInt32(state.devices.count)
                if Int(number) == state.devices.count { state.devices.append(nil) }
                state.numbers[device.publicKey] = number
                state.devices[Int(number)] = device
            }
            state.allow = allow
            state.barred = []
            var rights = Rights()
            rights.publish = PublishGrants(byOrigin: state.devices.map { $0?.publish ?? [] })
            rights.subscribe = SubscribeGrants(byDevice: state.devices.map { $0?.subscribe ?? [] })
            rights.names = state.devices.map { $0?.name ?? "" }
            for (number, device) in before.enumerated() where device.map({ !$0.subscribe.isEmpty }) ?? false {
                if state.devices[number]?.subscribe != device?.subscribe { rights.takesSubscriptionsAway = true }
            }
            return rights
        }
    }

    /// The number of an endpoint that skipd connects to.
    func number(of peer: Peer) -> UInt32 { state.withLock { $0.numbers[peer.endpoint.text] ?? IncomingMessage.nobody } }

    /// Keeps a device away from the results until the next reload.
    func bar(_ device: UInt32) { state.withLock { _ = $0.barred.insert(device) } }

    /// Judges a handshake. A key that isn't there, or that has no business at this door, is refused, as is any address that isn't allowed.
    /// - Parameter key: nil for a plaintext connection.
    package func judge(key: String?, address: String, door: Door) -> Verdict {
        state.withLock { state in
            if let allow = state.allow, !allow.contains(where: { $0.contains(address) }) { return .refused("its address is not in [security] allow") }
            guard asksForKeys else { return .letIn(state.connect(IncomingMessage.anyone)) }
            guard let key else { return .refused("it has no key") }
            guard let number = state.numbers[key], let device = state.devices[Int(number)] else { return .refused("its key \(key) is not authorized") }
            switch door {
            case .ingest: if device.publish.isEmpty { return .refused("\(device.name) may publish nothing") }
            case .results:
                if device.subscribe.isEmpty { return .refused("\(device.name) may subscribe to nothing") }
                if state.barred.contains(number) { return .refused("\(device.name) has sent what no subscriber sends; a reload lets it in again") }
            }
            return .letIn(state.connect(number))
        }
    }
}

extension AccessRegistry.State {
    fileprivate mutating func connect(_ device: UInt32) -> PeerIdentity {
        connections += 1
        return PeerIdentity(device: device, connection: connections)
    }
}
