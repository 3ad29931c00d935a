/// Which workers live, as far as this one can tell: by their signs of life in the bucket `skipd-workers`, and by a clock that goes on while
/// the machine sleeps.
package struct ClusterMembers {
    /// Who asks.
    package let name: String
    /// In nanoseconds.
    let lease: Int64
    /// When others were last heard of.
    private var heard: [String: Int64] = [:]
    /// Since when this worker has listened without a pause: who hasn't been heard of before may live all the same.
    private var listeningSince: Int64
    private var lastTick: Int64
    private var ownHeard: Int64
    /// When the last sign of life was sent that is known to have been stored.
    private var renewed: Int64 = 0

    package init(_ name: String, lease: Int64, now: Int64) {
        (self.name, self.lease) = (name, lease)
        (listeningSince, lastTick, ownHeard) = (now, now, now)
    }

    /// How often to give a sign of life.
    var interval: Int64 { lease / 4 }
    /// How long to wait for others': a bit longer than a lease, for the way.
    private var patience: Int64 { lease + 1_000_000_000 }

    package mutating func hear(_ other: String, now: Int64) {
        heard[other] = now
        if other == name { ownHeard = now }
    }

    package mutating func forget(_ other: String) { heard[other] = nil }

    package mutating func renew(sentAt time: Int64) { renewed = max(renewed, time) }

    /// Notes that time has passed; a pause of this process, or of its connection, makes it wait for the others anew.
    package mutating func tick(now: Int64) {
        if now - lastTick > lease / 2 || now - ownHeard > lease / 2 { listeningSince = now }
        lastTick = now
    }

    /// A Boolean value indicating whether the others may count on this worker: well before they give it up this ends.
    package func holdsLease(now: Int64) -> Bool { renewed > 0 && now - renewed < lease * 7 / 10 }

    /// A Boolean value indicating whether a worker has surely been silent for its lease.
    package func isGone(_ other: String, now: Int64) -> Bool { other != name && now - max(heard[other] ?? 0, listeningSince) > patience }

    /// A Boolean value indicating whether it has listened long enough to know the others.
    package func knowsOthers(now: Int64) -> Bool { now - listeningSince > min(lease, 2 * interval) }

    /// The living, in one order for all.
    package func living(now: Int64) -> [String] {
        var living = heard.filter { now - $0.value <= patience }.map(\.key)
        if !living.contains(name) { living.append(name) }
        return living.sorted()
    }

    /// How many of `count` shards this worker should have.
    package func quota(of count: Int, now: Int64) -> Int {
        let living = living(now: now)
        let rank = living.firstIndex(of: name) ?? 0
        return count / living.count + (rank < count % living.count ? 1 : 0)
    }

    /// Where among `count` shards this worker begins to look for free ones, so that several rarely want the same.
    package func start(of count: Int, now: Int64) -> Int {
        let living = living(now: now)
        return (living.firstIndex(of: name) ?? 0) * count / living.count
    }
}
