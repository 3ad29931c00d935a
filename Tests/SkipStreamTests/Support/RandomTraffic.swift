import SkipRNN
import SkipStream
import TestSupport

/// Routes and devices by chance: what they send is what devices in the field might.
struct RandomTraffic {
    var generator: SplitMix
    private(set) var routes: [BoundRoute] = []
    private var models: [Model] = []
    private var features = 1
    /// The bound of all routes: one that a reload changed would not know what was read before.
    private var updateBound: UpdateBound?
    private var devices: [Device] = []
    var arrival: Int64 = 1_790_000_000_000_000_000

    private struct Device {
        let name: String
        let forms: [TestMessage.Form]
        let givesSeq: Bool, givesTime: Bool
        var boot: UInt32
        var position: UInt64
        var started: Int64
    }

    init(seed: UInt64) {
        generator = SplitMix(seed: seed)
        features = generator.number(1...4)
        updateBound = generator.pick([nil, nil, UpdateBound(count: 1, timesteps: 6), UpdateBound(count: 3, timesteps: 17), UpdateBound(count: 4, timesteps: 4)])
        for _ in 0..<generator.number(1...3) {
            if let first = models.first, generator.once(in: 2) {
                models.append(TestModels.sibling(of: first, &generator))
            } else {
                models.append(TestModels.random(&generator, features: features))
            }
        }
        for index in 0..<generator.number(1...5) { routes.append(BoundRoute(route("r\(index)/**"), generator.pick(models))) }
        for index in 0..<generator.number(1...30) {
            let route = generator.number(0...(routes.count - 1))
            let usual: TestMessage.Form = generator.pick(TestMessage.Form.allCases.filter { form in
                routes[route].route.encoding == .json ? form != .headerless : form != .jsonObject && form != .jsonArray
            })
            let givesBoot = generator.once(in: 2)
            devices.append(Device(
                name: "r\(route)/" + generator.pick(["\(index)", "a rather long name that does not fit the slot \(index)", "ä\"\\\(index)"]),
                forms: [usual], givesSeq: !generator.once(in: 4), givesTime: generator.once(in: 2),
                boot: givesBoot ? UInt32(generator.number(1...9)) : 0, position: generator.pick([0, 0, 5, 1000, 1 << 40, (1 << 53) - 500]), started: arrival))
        }
    }

    /// A route with options by chance.
    mutating func route(_ pattern: String) -> Route {
        var route = Route(
            match: StreamPattern(pattern), model: generator.pick(["m", "a \"model\""]), encoding: generator.once(in: 3) ? .json : .float32,
            emit: generator.pick([
                .update, .end, .every(1), .every(UInt64(generator.number(2...30))),
                .change(), .change(minimumProbability: generator.float(0...0.9), hold: generator.number(1...3)),
            ]),
            probabilities: generator.once(in: 3), hints: generator.once(in: 2), hintEvery: generator.pick([nil, nil, 1, 7]),
            gap: generator.pick([.hold, .reset]), stretch: generator.pick([1, 1, 1.5, 4]),
            sequence: generator.pick([nil, nil, 0, 1, 13, 100]), maxSkip: generator.pick([nil, nil, nil, 1, 4, 20]))
        route.switching = generator.pick(SwitchRule.allCases)
        if let bound = updateBound { route.maxUpdates = bound }
        return route
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
            (0..<features).map { _ in
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

    /// Other routes than before: options changed, models exchanged, routes gone, new ones in front of others.
    mutating func reload() {
        for index in routes.indices.reversed() {
            switch generator.number(0...9) {
            case 0...2: routes[index] = BoundRoute(route(routes[index].route.match.text), routes[index].model)
            case 3: routes[index] = BoundRoute(routes[index].route, generator.pick(models))
            case 4 where generator.once(in: 2): routes.remove(at: index)
            default: break
            }
        }
        if generator.once(in: 2) {
            let match = "r\(generator.number(0...4))/" + generator.pick(["**", "1*", "*0"])
            routes.insert(BoundRoute(route(match), generator.pick(models)), at: generator.number(0...routes.count))
        }
        routes.shuffle(using: &generator)
    }

    /// A message that can't be used, and the cause under which it counts.
    mutating func unusable() -> (frames: [[UInt8]], cause: DropCause) {
        var message = message()
        // Without effects of its own kind: each has one fault alone.
        let name = Array(message.stream.utf8)
        guard routes.contains(where: { $0.route.match.matches(name) }) else { return (message.frames, .unknownRoute) }
        switch generator.number(0...13) {
        case 0: return (generator.pick([[], [[]], [[], [], []], [name], [name, [], [], []], [name, [], [], [], []]]), .malformed)
        case 1:
            message.stream = generator.pick(["", "r0/\u{7F}", "r0/\n", "r0/a\u{85}", "r0/" + String(repeating: "x", count: 253)])
            message.form = generator.pick([.binaryHeader, .jsonHeader])
            return (message.frames, .malformed)
        case 2:
            message.form = .binaryHeader
            return ([generator.pick([name + [0xFF], [0xC0, 0x80], name + [0xED, 0xA0, 0x80]]), message.frames[1], message.frames[2]], .malformed)
        case 3:
            message.stream = "elsewhere/1"
            return (message.frames, .unknownRoute)
        case 4:
            message.form = generator.pick([.oneFrame, .binaryHeader, .jsonHeader])
            var frames = message.frames
            frames[frames.count - 1].append(0)
            return (frames, .malformed)
        case 5:
            message.form = .binaryHeader
            var frames = message.frames
            let (place, value) = generator.pick([(0, 0x54), (1, 0), (2, 0), (2, 2), (3, 16), (3, 0x80), (4, 8), (4, 255), (5, 1), (28, 1), (31, 0x80)] as [(Int, UInt8)])
            frames[1][place] = value
            return (frames, .malformed)
        case 6:
            message.form = generator.pick([.oneFrame, .binaryHeader, .jsonHeader])
            message.seq = (1 << 53) - UInt64(message.timesteps.count) + 1
            return (message.frames, .malformed)
        case 7:
            (message.form, message.timesteps, message.seq) = (.jsonHeader, [[Double](repeating: 0, count: features + 1)], 0)
            return (message.frames, .wrongFeatures)
        case 8:
            message.form = .oneFrame
            let header = Array("{\"dtype\":\"<f4\",\"shape\":[0,1]}".utf8)
            return ([name + [0] + header + [UInt8](repeating: 0x20, count: 32 - header.count)], .malformed)
        case 9:
            return ([name + [UInt8](repeating: 1, count: 256 - name.count) + message.frames[0]], .malformed)
        case 10:
            message.form = .binaryHeader
            return ([name, Array(message.frames[1].dropLast()), message.frames[2]], .malformed)
        case 11:
            let shape = "\"shape\": [1, \(features)]"
            let header = generator.pick([
                "{}", "[]", "", "{\(shape)}", "{\"dtype\": \"<f4\"}", "{\"dtype\": \">f4\", \(shape)}", "{\"dtype\": \"f4\", \(shape), \"x\": null}",
                "{\"dtype\": \"f4\", \(shape), \"seq\": -1}", "{\"dtype\": \"f4\", \(shape), \"seq\": 1.0}", "{\"dtype\": \"f4\", \(shape), \"boot\": 4294967296}",
                "{\"dtype\": \"f4\", \(shape), \"end\": 1}", "{\"dtype\": \"f4\", \(shape), \"seq\": null, \"seq\": 1}", "{\"dtype\": \"f4\", \(shape)} x",
                "{\"dtype\": \"f4\", \"shape\": []}", "{\"dtype\": \"f4\", \"shape\": [1, 1, \(features)]}", "{\"dtype\": \"f4\", \"shape\": [-1, \(features)]}",
                "{\"dtype\": \"f4\", \(shape), \"ts\": 9223372036854775808}", "{\"dtype\": \"f4\", \"shape\": [2147483647, 2147483647]}",
            ])
            return ([name, Array(header.utf8), [UInt8](repeating: 0, count: 4 * features)], .malformed)
        default:
            guard let route = routes.first(where: { $0.route.match.matches(name) })?.route, route.encoding == .json else {
                return ([name, [UInt8](repeating: 0, count: 4 * features + generator.number(1...3))], .malformed)
            }
            let row = "[" + [String](repeating: "1", count: features).joined(separator: ",") + "]"
            let (payload, cause) = generator.pick([
                ("", .malformed), ("[", .malformed), ("[NaN]", .malformed), ("{}", .malformed), ("{\"x\": \(row), \"y\": 1}", .malformed), ("{\"x\": \(row), \"y\": null}", .malformed),
                ("{\"x\": \(row), \"x\": \(row)}", .malformed), ("[1, \(row)]", .malformed), ("[\(row), 1]", .malformed), ("{\"x\": \(row), \"seq\": 9007199254740992}", .malformed),
                ("[\(row), [1]]", features == 1 ? .malformed : .wrongFeatures), ("[[]]", .wrongFeatures), ("[\(row.dropLast()),1]]", .wrongFeatures), ("\"x\"", .malformed),
            ] as [(String, DropCause)])
            // With one feature the last row but three is well formed: spoil it.
            return ([name, Array((features == 1 && payload == "[[1], [1]]" ? "[[1], [1]" : payload).utf8)], cause)
        }
    }
}
