import SkipRNN
import SkipStream
import Testing

@Suite("Shares of the table")
struct ShareTests {
    /// A station whose messages say by which device they were sent.
    private func station(_ maximumStreams: Int) -> Station {
        var station = Station()
        station.processor.limits.maximumStreams = maximumStreams
        station.processor.originHash = { UInt64(UInt(bitPattern: $1)) << 16 }
        return station
    }

    private func send(_ station: inout Station, _ name: String, device: Int, seq: UInt64 = 0) {
        let message = TestMessage(stream: name, form: .oneFrame, timesteps: [[0.5, -0.5]], seq: seq, boot: 1)
        station.arrival += 1_000_000
        station.processor.process(block: [message.frames], arrival: station.arrival, device: device)
    }

    /// How many streams each device has; a name begins with its device's number.
    private func counts(_ station: borrowing Station) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        _ = station.processor.streams(prefix: [], from: 0, limit: .max) { counts[Int($0.name.prefix { $0 != "/" })!, default: 0] += 1 }
        return counts
    }

    @Test("a device that floods the table with new names comes up to what the others hold, and no further")
    func flood() {
        var station = station(1000)
        for device in 1...100 { for index in 0..<10 { send(&station, "\(device)/\(index)", device: device) } }
        for index in 0..<20_000 { send(&station, "101/\(index)", device: 101) }
        let counts = counts(station)
        #expect(counts[101, default: 0] <= 10, "\(counts)")
        #expect((1...100).map { counts[$0, default: 0] }.reduce(0, +) >= 990)
        #expect(station.processor.streamCount == 1000 && station.sink.drops.isEmpty)
    }

    @Test("a device that floods can't push out those that have one stream each")
    func floodOfSmall() {
        var station = station(500)
        for device in 1...500 { send(&station, "\(device)/a", device: device) }
        for index in 0..<5000 { send(&station, "501/\(index)", device: 501) }
        #expect(counts(station)[501] == 1)
    }

    @Test("a device alone may have the whole table; one that comes later gets its place there, and keeps it")
    func lateComer() {
        var station = station(1000)
        for index in 0..<3000 { send(&station, "1/\(index)", device: 1) }
        #expect(counts(station) == [1: 1000])
        for index in 0..<300 { send(&station, "2/\(index)", device: 2) }
        for index in 3000..<20_000 { send(&station, "1/\(index)", device: 1) }
        #expect(counts(station) == [1: 700, 2: 300])
        #expect(station.sink.drops.isEmpty)
    }

    @Test("streams taken back from the store keep their places though nobody has heard of them yet")
    func restored() {
        var store = MemoryStore()
        var before = station(200)
        before.processor.noteChanges()
        for device in 1...20 { for index in 0..<10 { send(&before, "\(device)/\(index)", device: device) } }
        store.take(from: &before.processor)
        var after = station(200)
        after.processor.noteChanges()
        store.restore(into: &after.processor, at: before.arrival)
        for index in 0..<5000 { send(&after, "21/\(index)", device: 21) }
        // Each is alone in its bucket until it is heard of.
        #expect(counts(after)[21, default: 0] <= 3)
        // Then it is its device's.
        for device in 1...20 { for index in 0..<10 { send(&after, "\(device)/\(index)", device: device, seq: 1) } }
        for index in 0..<5000 { send(&after, "21/\(index)", device: 21) }
        #expect(counts(after)[21, default: 0] <= 10)
        #expect(after.processor.streamCount == 200)
    }
}
