import Foundation
import SkipStore
import SkipStream
import Testing
import TestSupport

@Suite("Damaged stores")
struct DamagedStoreTests {
    /// A store of some thousand records, as a stopped daemon leaves it.
    private static let sound: (records: StoredRecords, file: Data)? = {
        var generator = SplitMix(seed: 4)
        var expected = StoredRecords()
        guard let directory = try? TemporaryDirectory() else { return nil }
        let store = StateStore(StateDirectory(directory.path))
        _ = try? store.load { _, _ in true }
        for round in 0..<3 {
            _ = try? store.write(expected.change(0..<4000, round: round, deleting: 50, &generator))
            _ = try? store.commit()
        }
        store.close()
        return (try? Data(contentsOf: URL(fileURLWithPath: directory.path + "/state.sqlite"))).map { (expected, $0) }
    }()

    /// Reads a damaged file as a restart does; then a checkpoint must work.
    private func restart(with file: Data, _ records: StoredRecords, _ place: String) throws -> (found: Int, report: LoadReport) {
        let directory = try TemporaryDirectory()
        try file.write(to: URL(fileURLWithPath: directory.path + "/state.sqlite"))
        let (found, report) = try records.read(directory.path)
        // A store that is set aside keeps its bytes; a new one takes its place.
        if report.damage != nil {
            let path = try #require(report.setAside, "\(place)")
            #expect(path.hasPrefix(directory.path + "/state.damaged-20"), "\(place)")
        }
        var generator = SplitMix(seed: 5)
        var next = report.damage == nil ? records : StoredRecords()
        let store = StateStore(StateDirectory(directory.path))
        _ = try store.load { _, _ in true }
        let slice = next.change(0..<4000, round: 9, deleting: 50, &generator)
        // Damage that no record shows is found when its page is written: then the store is replaced, and everything stored anew.
        if try store.write(slice) != nil || store.commit() != nil {
            _ = try store.write(slice)
            _ = try store.commit()
            next.records = next.records.filter { $0.key < 4000 }
        }
        store.close()
        #expect(try next.read(directory.path).found == next.records, "\(place)")
        return (found.count, report)
    }

    @Test("a flipped bit costs few records, and none that is given is other than it was written", arguments: 0..<16 as Range<UInt64>)
    func flips(seed: UInt64) throws {
        let (records, file) = try #require(Self.sound)
        var generator = SplitMix(seed: seed)
        var damaged = file
        // Behind the first page, whose header decides about all: that has a test of its own.
        let index = Int.random(in: 4096..<file.count, using: &generator)
        damaged[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        let (found, report) = try restart(with: damaged, records, "seed \(seed), byte \(index)")
        #expect(found > records.records.count * 9 / 10, "seed \(seed), byte \(index): \(found) of \(records.records.count), \(report)")
    }

    @Test("a first page with flipped bits ends nothing", arguments: 0..<10 as Range<UInt64>)
    func header(seed: UInt64) throws {
        let (records, file) = try #require(Self.sound)
        var generator = SplitMix(seed: seed)
        var damaged = file
        for _ in 0..<3 { damaged[Int.random(in: 0..<200, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
        _ = try restart(with: damaged, records, "seed \(seed)")
    }

    @Test("pages of noise cost what was in them and little more", arguments: 0..<10 as Range<UInt64>)
    func noise(seed: UInt64) throws {
        let (records, file) = try #require(Self.sound)
        var generator = SplitMix(seed: seed)
        var damaged = file
        let page = Int.random(in: 2..<(file.count / 4096), using: &generator) * 4096
        for index in page..<(page + 4096) { damaged[index] = UInt8.random(in: .min ... .max, using: &generator) }
        let (found, report) = try restart(with: damaged, records, "seed \(seed), page \(page / 4096)")
        #expect(found > records.records.count / 2, "seed \(seed), page \(page / 4096): \(found) of \(records.records.count), \(report)")
    }

    @Test("of a file that was cut off the part that is left is read", arguments: [0, 1, 100, 4096, 5000, 50_000, 500_000])
    func truncation(length: Int) throws {
        let (records, file) = try #require(Self.sound)
        let (found, report) = try restart(with: file.prefix(length), records, "\(length) bytes")
        if length >= 100 { #expect(report.damage != nil) }
        if length == 500_000 { #expect(found > 500, "\(report)") }
    }

    @Test("a file of something else is set aside as it is")
    func other() throws {
        let (records, _) = try #require(Self.sound)
        let (found, report) = try restart(with: Data("not a database, but long enough to be taken for one".utf8) + Data(count: 8192), records, "text")
        #expect(found == 0)
        #expect(report.damage != nil)
    }
}
