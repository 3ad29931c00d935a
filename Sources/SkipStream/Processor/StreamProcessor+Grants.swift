// Who may publish what, where devices have keys. Each stream remembers who was last found to be allowed: a pattern is matched once for
// as long as one device publishes a stream, and a message from `anyone` costs one comparison.

extension StreamProcessor {
    /// Puts other grants in force, from the next message on.
    public mutating func install(_ grants: PublishGrants) {
        self.grants = grants
        grantsVersion &+= 1
    }

    /// A Boolean value indicating whether the origin of message `index` may publish the known stream it is for; drops the message where not.
    @inline(never)
    mutating func mayPublish(_ index: Int, _ slot: UInt32) -> Bool {
        let part = parts + index
        let verdict = verdict(of: part.pointee.origin)
        if Int(slot) < verdicts.count, verdicts[Int(slot)] == verdict { return true }
        guard isGranted(part) else { return false }
        remember(verdict, slot)
        return true
    }

    /// The same for a new stream; `noteOrigin` is to follow when it has a slot.
    mutating func isGranted(_ part: UnsafeMutablePointer<MessageParts>) -> Bool {
        if part.pointee.origin == IncomingMessage.anyone || grants.allow(part.pointee.origin, part.pointee.name) { return true }
        // A candidate beside the model isn't to see it either.
        part.pointee.isUsable = false
        deny(stream: part.pointee.name, origin: part.pointee.origin)
        return false
    }

    /// Drops a message that its origin may not publish.
    package mutating func deny(stream: UnsafeRawBufferPointer, origin: UInt32) {
        counters.messages += 1
        counters[.denied] += 1
        sink.denied(stream: stream, origin: origin)
    }

    /// Remembers who made a new stream; what its slot's last owner was allowed is forgotten.
    mutating func noteOrigin(_ origin: UInt32, _ slot: UInt32) {
        if origin == IncomingMessage.anyone, Int(slot) >= verdicts.count { return }
        remember(verdict(of: origin), slot)
    }

    private func verdict(of origin: UInt32) -> UInt64 { UInt64(origin) << 32 | UInt64(grantsVersion) }

    private mutating func remember(_ verdict: UInt64, _ slot: UInt32) {
        // Grown by the double: slots come in order.
        if Int(slot) >= verdicts.count { verdicts += repeatElement(0, count: max(Int(slot) + 1 - verdicts.count, verdicts.count, 1024)) }
        verdicts[Int(slot)] = verdict
    }
}
