import SkipRNN
import SkipStream
import Testing
import TestSupport

@Suite("A candidate beside a route's model")
struct ShadowTests {
    private func bound(_ model: Model, shadow: Model?, share: Double = 1, sequence: UInt64? = nil) -> BoundRoute {
        var route = Route(match: StreamPattern("**"), model: "m", emit: .update, sequence: sequence)
        if shadow != nil { route.shadow = Shadow(model: "candidate", share: share) }
        return BoundRoute(route, model, shadow: shadow)
    }

    @Test("changes no result and no count of the model in force, and publishes nothing", arguments: 0..<30)
    func silent(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let model = TestModels.make(&generator, features: 2)
        let candidate = TestModels.sibling(of: model, &generator)
        var plain = Station(model)
        var shadowed = Station(model)
        plain.processor.install([bound(model, shadow: nil, sequence: 30)])
        shadowed.processor.install([bound(model, shadow: candidate, sequence: 30)])
        for _ in 0..<100 {
            let (seq, count, name) = (UInt64(generator.number(0...300)), generator.number(0...9), generator.pick(["a", "b", "c"]))
            let (boot, value) = (UInt32(generator.number(1...2)), generator.once(in: 9) ? Double.nan : nil)
            let expected = plain.send(seq, count: count, boot: boot, value: value, stream: name).map(\.description)
            let found = shadowed.send(seq, count: count, boot: boot, value: value, stream: name).map(\.description)
            #expect(found == expected, "seed \(seed)")
        }
        #expect(shadowed.processor.counters == plain.processor.counters)
    }

    @Test("agrees with itself always, reads as much, and with another model as often as their labels are the same")
    func agreement() throws {
        var generator = SplitMix(seed: 4)
        let model = TestModels.make(&generator, features: 2)
        var station = Station(model)
        station.processor.install([bound(model, shadow: model, sequence: 50)])
        for seq in 0..<200 as Range<UInt64> { station.send(seq) }
        let same = try #require(station.processor.routeStatuses.first?.shadow)
        #expect(same.compared == 4 && same.agreed == 4 && same.streams == 1)
        #expect(same.updates == station.processor.counters.updated && same.model == "candidate" && same.share == 1)

        let other = TestModels.sibling(of: model, &generator)
        station = Station(model)
        station.processor.install([bound(model, shadow: other)])
        var (ours, theirs) = (Inference(model), Inference(other))
        var agreed: UInt64 = 0
        for seq in 0..<300 as Range<UInt64> {
            station.send(seq)
            let sample = (0..<2).map { Float.random(in: -1...1, seed: seq, $0) }
            _ = ours.step(sample)
            _ = theirs.step(sample)
            func label(_ inference: Inference) -> Int { inference.probabilities.indices.max { inference.probabilities[$0] < inference.probabilities[$1] } ?? 0 }
            if label(ours) == label(theirs) { agreed += 1 }
        }
        let status = try #require(station.processor.routeStatuses.first?.shadow)
        #expect(status.compared == 300 && status.agreed == agreed && agreed < 300)
    }

    @Test("runs the share of the streams whose shards lie below it, and joins where a sequence begins")
    func share() throws {
        let model = TestModels.everyFourth
        var station = Station(model) { $0.sequence = 10 }
        for index in 0..<100 { station.send(0, count: 5, stream: "s\(index)") }
        station.processor.install([bound(model, shadow: model, share: 0.25, sequence: 10)])
        for index in 0..<100 { station.send(5, count: 5, stream: "s\(index)") }
        #expect(station.processor.routeStatuses.first?.shadow?.streams == 0)
        for index in 0..<100 { station.send(10, count: 5, stream: "s\(index)") }
        let expected = (0..<100).count { shard(of: Array("s\($0)".utf8)) < 256 }
        #expect(station.processor.routeStatuses.first?.shadow?.streams == expected && expected > 10)
    }

    @Test("promoted, it is the route's model from the next sequence on, and its shadow no longer")
    func promote() {
        let candidate = TestModels.everyFourth { $0.maxSkip = 1 }
        var station = Station { $0.sequence = 10 }
        station.processor.install([bound(TestModels.everyFourth, shadow: candidate, sequence: 10)])
        station.send(0, count: 3)
        let name = station.processor.promote(route: "**")
        #expect(name == "candidate")
        #expect(station.send(3, count: 12).short == ["4", "8", "9!", "10", "12", "14"])
        #expect(station.processor.routeStatuses.map(\.model) == ["candidate"] && station.processor.routeStatuses.first?.shadow == nil)
        let again = station.processor.promote(route: "**")
        #expect(again == nil)
    }

    @Test("each route has its own: what happens to one leaves the others' candidates, and stretches set by hand, as they are")
    func apart() throws {
        func routes(emit: EmitRule = .update) -> [BoundRoute] {
            ["x/*", "y/*"].map { pattern in
                var route = Route(match: StreamPattern(pattern), model: "m", emit: pattern == "x/*" ? emit : .update, sequence: 10)
                route.shadow = Shadow(model: "candidate", share: 1)
                return BoundRoute(route, TestModels.everyFourth, shadow: TestModels.everyFourth)
            }
        }
        var station = Station()
        station.processor.install(routes())
        for name in ["x/1", "x/2", "y/1"] {
            for seq in stride(from: 0, to: 20, by: 5) as StrideTo<UInt64> { station.send(seq, count: 5, stream: name) }
        }
        func shadow(_ route: String) -> ShadowStatus? { station.processor.routeStatuses.first { $0.match == route }?.shadow }
        // Both are called the same, and are the same model.
        #expect(shadow("x/*")?.streams == 2 && shadow("x/*")?.updates == 12 && shadow("x/*")?.timesteps == 40 && shadow("x/*")?.compared == 4)
        #expect(shadow("y/*")?.streams == 1 && shadow("y/*")?.updates == 6 && shadow("y/*")?.timesteps == 20 && shadow("y/*")?.compared == 2)
        // What a candidate never published doesn't matter to it.
        station.processor.install(routes(emit: .end))
        #expect(shadow("x/*")?.compared == 4 && shadow("y/*")?.compared == 2)

        let isSet = station.processor.setStretch(7, ofRoute: "y/*")
        let isSetToo = station.processor.setStretch(5, ofRoute: "x/*")
        #expect(isSet && isSetToo)
        let name = station.processor.promote(route: "x/*")
        #expect(name == "candidate")
        #expect(shadow("x/*") == nil && shadow("y/*")?.compared == 2)
        #expect(station.processor.routeStatuses.map(\.stretch) == [5, 7])
    }
}
