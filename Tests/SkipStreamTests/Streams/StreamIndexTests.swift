import SkipStream
import Testing
import TestSupport

@Suite("Streams by name")
struct StreamIndexTests {
    @Test("two hundred thousand insertions, look-ups and removals give what a dictionary gives", arguments: [1, 2])
    func againstDictionary(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        var table = StreamTable()
        var slots: [[UInt8]: UInt32] = [:]
        var names: [[UInt8]] = []
        /// Names of every length, of which many differ in one byte only.
        func name() -> [UInt8] {
            let number = generator.number(0...60_000)
            return Array("\(number)".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: number % 200)
        }
        for step in 0..<200_000 {
            // Growing, then shrinking, then growing again.
            let isGrowing = step / 50_000 % 2 == 0
            if generator.number(0...9) < (isGrowing ? 6 : 3) || names.isEmpty {
                let name = name()
                name.withUnsafeBytes { name in
                    let hash = table.prefetchIndex(name)
                    let found = table.find(name, hash, guess: table.prefetchSlot(hash))
                    #expect(found == slots[Array(name)], "step \(step), seed \(seed)")
                    guard found == nil else { return }
                    slots[Array(name)] = table.insert(name, hash)
                    names.append(Array(name))
                }
            } else {
                let place = generator.number(0...(names.count - 1))
                guard let slot = slots[names[place]] else { return }
                #expect(names[place].withUnsafeBytes { table.find($0) } == slot)
                #expect(table.name(of: slot) == names[place])
                table.remove(slot)
                slots[names[place]] = nil
                names.swapAt(place, names.count - 1)
                names.removeLast()
            }
            if table.count != slots.count {
                Issue.record("\(table.count) streams, \(slots.count) were expected at step \(step), seed \(seed)")
                return
            }
        }
        for (name, slot) in slots { #expect(name.withUnsafeBytes { table.find($0) } == slot) }
        for _ in 0..<10_000 {
            let name = name()
            #expect(name.withUnsafeBytes { table.find($0) } == slots[name])
        }
        #expect(Set(slots.values).count == slots.count)
    }

    @Test("slots that were freed are taken again")
    func reuse() {
        var table = StreamTable()
        let names = (0..<1000).map { Array("stream \($0), with a name too long for its slot".utf8) }
        for round in 0..<20 {
            for name in names { name.withUnsafeBytes { _ = table.insert($0, table.prefetchIndex($0)) } }
            #expect(table.count == 1000 && table.capacity == 1000, "round \(round)")
            for name in names { if let slot = name.withUnsafeBytes({ table.find($0) }) { table.remove(slot) } }
            #expect(table.count == 0)
        }
    }

    @Test("a million streams are found again, and the table takes less than 150 bytes each")
    func million() {
        var table = StreamTable()
        func name(_ number: Int) -> [UInt8] { Array("plant\(number / 1000)/pump\(number % 1000)".utf8) }
        for number in 0..<1_000_000 { name(number).withUnsafeBytes { _ = table.insert($0, table.prefetchIndex($0)) } }
        #expect(table.count == 1_000_000)
        #expect(Double(table.byteCount) / 1e6 < 150, "\(Double(table.byteCount) / 1e6) bytes a stream")
        var missing = 0
        for number in 0..<1_000_000 where name(number).withUnsafeBytes({ table.find($0) }).map({ table.name(of: $0) }) != name(number) { missing += 1 }
        #expect(missing == 0)
        #expect(name(1_000_000).withUnsafeBytes { table.find($0) } == nil)
    }

    @Test("nearly equal names hash apart")
    func hashes() {
        let hash = NameHash(seed: 7)
        var generator = SplitMix(seed: 7)
        var tags: Set<UInt64> = []
        var count = 0
        for length in 1...255 {
            let name = (0..<length).map { _ in UInt8.random(in: 32...126, using: &generator) }
            for place in -1..<length {
                var other = name
                if place >= 0 { other[place] ^= 1 }
                other.withUnsafeBytes { _ = tags.insert(hash($0)) }
                count += 1
            }
        }
        #expect(tags.count == count)
    }
}
