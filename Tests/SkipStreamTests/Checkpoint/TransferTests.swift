import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("Streams between daemons")
struct TransferTests {
    private let model: Model = {
        var generator = SplitMix(seed: 21)
        return TestModels.make(&generator, features: 2)
    }()

    private func moved(_ source: inout Station, to target: inout Station, prefix: String = "") -> [ImportOutcome] {
        var (outcomes, cursor): ([ImportOutcome], UInt32?) = ([], 0)
        while let from = cursor {
            let page = source.processor.export(prefix: Array(prefix.utf8), from: from, limit: 2)
            for stream in page.streams { outcomes.append(stream.record.withUnsafeBytes { target.processor.importStream($0, at: source.arrival) }.outcome) }
            cursor = page.cursor
        }
        return outcomes
    }

    @Test("go on bit for bit, beside those that are there, and their devices are told their hints again")
    func moves() {
        var stays = Station(model) { $0.hints = true }
        var source = Station(model) { $0.hints = true }
        var target = Station(model) { $0.hints = true }
        for name in ["x/1", "x/2", "x/3", "y/4"] {
            stays.send(0, count: 13, boot: 5, stream: name)
            source.send(0, count: 13, boot: 5, stream: name)
        }
        target.send(0, count: 7, boot: 1, stream: "z")
        target.arrival = source.arrival
        let outcomes = moved(&source, to: &target, prefix: "x/")
        #expect(outcomes == [.taken, .taken, .taken])
        #expect(target.processor.streamCount == 4 && source.processor.streamCount == 4)
        for name in ["x/3", "x/1", "x/2"] {
            stays.arrival = source.arrival
            target.arrival = source.arrival
            let expected = stays.send(13, count: 40, boot: 5, stream: name).map(\.description)
            let found = target.send(13, count: 40, boot: 5, stream: name).map(\.description)
            // One hint more at the first message, where none would be due.
            #expect(found.filter { $0.hasPrefix("result") } == expected.filter { $0.hasPrefix("result") })
            #expect(found.contains { $0.hasPrefix("hint") })
        }
    }

    @Test("from a daemon with other kernels go on, which is said", .enabled(if: Kernels.all.count > 1))
    func otherKernels() throws {
        var generator = SplitMix(seed: 23)
        let architecture = Architecture(cell: .skipGRU, inputSize: 2, hiddenSizes: [5], outputSize: 2)
        var tensors: [String: ModelFile.Tensor] = [:]
        for parameter in architecture.parameters where !parameter.isOptional {
            tensors[parameter.name] = ModelFile.Tensor(shape: parameter.shape, values: (0..<parameter.shape.reduce(1, *)).map { _ in generator.float(-1...1) })
        }
        var metadata = ModelMetadata()
        metadata.labels = ["a", "b"]
        let file = try ModelFile(architecture, metadata: metadata, tensors: tensors, file: "test")
        var source = Station(Model(file, kernels: Kernels.all[0]))
        source.send(0, count: 20)
        for kernels in Kernels.all {
            var target = Station(Model(file, kernels: kernels))
            #expect(moved(&source, to: &target) == [kernels.name == Kernels.all[0].name ? .taken : .takenOnOtherKernels])
            #expect(target.status?.updates == source.status?.updates && target.status?.next == 20)
            #expect(target.send(20, count: 50).short.count > 0)
        }
    }

    @Test("take the stretch of their own along")
    func stretch() {
        var source = Station(model)
        var target = Station(model)
        source.send(0, count: 5)
        source.send(0, count: 5, stream: "b")
        let isSet = source.processor.setStretch(3, ofStream: Array("a".utf8))
        #expect(isSet)
        #expect(moved(&source, to: &target) == [.taken, .taken])
        #expect(target.status?.stretch == 3 && target.status?.hasOwnStretch == true && target.processor.ownStretches == 1)
    }

    @Test("are refused where they could not go on, with the reason, and nothing is changed")
    func refused() {
        var generator = SplitMix(seed: 22)
        var source = Station(model)
        source.send(0, count: 5)
        let record = source.processor.export(prefix: [], from: 0, limit: 10).streams[0].record
        func expect(_ target: inout Station, _ record: [UInt8], _ expected: String) {
            var found = "taken"
            if case .refused(let reason) = record.withUnsafeBytes({ target.processor.importStream($0, at: 0) }).outcome { found = reason }
            #expect(found.hasPrefix(expected))
        }
        var other = Station(TestModels.sibling(of: model, &generator))
        expect(&other, record, "its state was made by the model \(model.identity), its route's model m is ")
        #expect(other.processor.streamCount == 0)
        expect(&source, record, "there is a stream of that name here already")
        var elsewhere = Station(model) { $0.match = StreamPattern("elsewhere") }
        expect(&elsewhere, record, "no route matches its name")
        var limits = StreamLimits()
        limits.maximumStreams = 1
        var full = Station(model, limits: limits)
        full.send(0, stream: "b")
        expect(&full, record, "there are max_streams streams already")
        var shorter = Station(model) { $0.sequence = 5 }
        expect(&shorter, record, "its sequence is longer already than its route's")
        var empty = Station(model)
        for index in record.indices {
            var damaged = record
            damaged[index] ^= 0x10
            expect(&empty, damaged, "its record can't be used: ")
        }
        expect(&empty, Array(record.dropLast()), "its record can't be used: ")
        #expect(empty.processor.streamCount == 0)
        expect(&empty, record, "taken")
    }

    @Test("a shard is FNV-1a of the name, 32 bit, modulo 1,024: for ever", arguments: [
        ("a", 300), ("watch/7", 438), ("plant1/pump7/vibration", 980), ("läuft", 897), ("", 453),
    ])
    func shards(name: String, expected: Int) { #expect(shard(of: Array(name.utf8)) == expected) }
}
