import SkipRNN
import SkipStream

/// Routes and devices by chance: what they send is what devices in the field might.
struct RandomTraffic {
    var generator: SplitMix
    private(set) var routes: [BoundRoute] = []
    private var devices: [Device] = []
    var arrival: Int64 = 1_790_000_000_000_000_000

    private struct Device {
        let name: String
        let features: Int
        let forms: [TestMessage.Form]
        let givesSeq: Bool, givesTime: Bool
        var boot: UInt32
        var position: UInt64
        var started: Int64
    }

    init(seed: UInt64) {
        generator = SplitMix(seed: seed)
        let models = (0..<generator.number(1...3)).map { _ in
            let features = generator.number(1...4)
            return TestModels.random(&generator, features: features)
        }
        for index in 0..<generator.number(1...5) { routes.append(BoundRoute(route(index), generator.pick(models))) }
        for index in 0..<generator.number(1...30) {
            let route = generator.number(0...(routes.count - 1))
            let usual: TestMessage.Form = generator.pick(TestMessage.Form.allCases.filter { form in
                routes[route].route.encoding == .json ? form != .headerless : form != .jsonObject && form != .jsonArray
            })
            let givesBoot = generator.once(in: 2)
            devices.append(Device(
                name: "r\(route)/" + generator.pick(["\(index)", "a rather long name that does not fit the slot \(index)", "ä\"\\\(index)"]),
                features: routes[route].model.architecture.inputSize, forms: [usual], givesSeq: !generator.once(in: 4), givesTime: generator.once(in: 2),
                boot: givesBoot ? UInt32(generator.number(1...9)) : 0, position: generator.pick([0, 0, 5, 1000, 1 << 40, (1 << 53) - 500]), started: arrival))
        }
    }

    /// A route with options by chance.
    mutating func route(_ index: Int) -> Route {
        Route(
            match: StreamPattern("r\(index)/**"), model: generator.pick(["m", "a \"model\""]), encoding: generator.once(in: 3) ? .json : .float32,
            emit: generator.pick([
                .update, .end, .every(1), .every(UInt64(generator.number(2...30))),
                .change(), .change(minimumProbability: generator.float(0...0.9), hold: generator.number(1...3)),
            ]),
            probabilities: generator.once(in: 3), hints: generator.once(in: 2), hintEvery: generator.pick([nil, nil, 1, 7]),
            gap: generator.pick([.hold, .reset]), stretch: generator.pick([1, 1, 1.5, 4]),
            sequence: generator.pick([nil, nil, 0, 1, 13, 100]), maxSkip: generator.pick([nil, nil, nil, 1, 4, 20]))
    }

    /// The next message of one of the devices.
    mutating func message() -> TestMessage {
        let index = generator.number(0...(devices.count - 1))
        var device = devices[index]
        defer { devices[index] = device }
        if generator.once(in: 80) {
            // The device restarts.
            if device.boot != 0 { device.boot += 1 }
            device.position = generator.pick([0, 0, 17])
        }
        if generator.once(in: 10) { device.position += UInt64(generator.pick([1, 2, 10, 60, 300])) }
        let count = generator.pick([0, 1, 1, 1, 2, 5, 17, 40])
        var first = device.position
        if generator.once(in: 12) { first -= min(first, UInt64(generator.pick([1, 3, 20]))) }
        device.position = max(device.position, first + UInt64(count))
        if device.position > 1 << 53 {
            device.position = 1 << 53
            if device.givesSeq { first = (1 << 53) - UInt64(count) }
        }
        var message = TestMessage(stream: device.name, form: generator.pick(device.forms), timesteps: [])
        message.type = generator.pick(SampleType.allCases)
        if message.form == .headerless { message.type = .float32 }
        if message.form == .jsonArray || message.form == .jsonObject { message.type = .float64 }
        let form = message.form
        let isWild = generator.once(in: 12)
        message.timesteps = (0..<count).map { _ in
            (0..<device.features).map { _ in
                let number = TestMessage.number(message.type, &generator, finite: !(isWild && generator.once(in: 6)))
                return number.isNaN && (form == .jsonArray || form == .jsonObject) ? .infinity : number
            }
        }
        if device.givesSeq { message.seq = first }
        if device.givesTime { message.ts = device.started + Int64(first % 1_000_000) * 20_000_000 }
        if device.givesSeq, device.boot != 0 { message.boot = device.boot }
        message.start = generator.once(in: 40)
        message.end = generator.once(in: 30)
        return message.normalized
    }
}
