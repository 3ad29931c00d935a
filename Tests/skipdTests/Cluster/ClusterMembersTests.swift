import Testing
import skipd

/// Who is taken for alive, by a clock that the test sets.
@Suite struct ClusterMembersTests {
    private static let second: Int64 = 1_000_000_000

    @Test("shards are spread evenly, the first ones in the names' order having one more")
    func quota() {
        var members = ClusterMembers("b", lease: 5 * Self.second, now: 0)
        #expect(members.quota(of: 1024, now: 0) == 1024)
        members.hear("a", now: 0)
        members.hear("c", now: 0)
        #expect(members.living(now: 0) == ["a", "b", "c"])
        #expect(members.quota(of: 1024, now: 0) == 341)
        #expect(members.quota(of: 1025, now: 0) == 342)
    }

    @Test("a worker is gone a lease and a second after its last sign of life, and not while it may only not have been heard")
    func gone() {
        var members = ClusterMembers("a", lease: 5 * Self.second, now: 0)
        #expect(!members.isGone("b", now: 6 * Self.second))
        #expect(members.isGone("b", now: 6 * Self.second + 1))
        members.hear("b", now: 4 * Self.second)
        #expect(!members.isGone("b", now: 10 * Self.second))
        #expect(members.isGone("b", now: 10 * Self.second + 1))
        #expect(!members.isGone("a", now: 100 * Self.second))
    }

    @Test("after a pause of its own a worker waits for the others anew")
    func pause() {
        var members = ClusterMembers("a", lease: 5 * Self.second, now: 0)
        members.hear("b", now: 0)
        members.tick(now: 60 * Self.second)
        #expect(!members.isGone("b", now: 61 * Self.second))
        #expect(members.isGone("b", now: 67 * Self.second))
        #expect(!members.knowsOthers(now: 61 * Self.second))
    }

    @Test("a lease ends for its holder before it ends for the others")
    func lease() {
        var members = ClusterMembers("a", lease: 5 * Self.second, now: 0)
        #expect(!members.holdsLease(now: 0))
        members.renew(sentAt: Self.second)
        #expect(members.holdsLease(now: 4 * Self.second))
        #expect(!members.holdsLease(now: 5 * Self.second))
    }
}
