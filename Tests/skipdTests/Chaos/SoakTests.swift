import Foundation
import SkipRNN
import Testing
import TestSupport
import ZeroMQ

/// Hours of work in small: 50,000 timesteps a second from devices that come and go. `make soak` does it for half an hour, `make test` for
/// seconds, in which memory and lag say little.
@Suite(.serialized) struct SoakTests {
    private static var minutes: Double { ProcessInfo.processInfo.environment["SOAK_MINUTES"].flatMap { Double($0) } ?? 0.25 }
    private static let rate = 50_000.0
    private static let devices = 300
    /// Names that devices come back under: more than the streams that skipd keeps at a time.
    private static let names = 3000
    private static let timestepsOfMessage = 10

    @Test("at 50,000 timesteps a second, with devices coming and going, memory and lag don't grow and every timestep has one fate")
    func soak() throws {
        var generator = SplitMix.forTest()
        let daemon = try RunningDaemon(route: "emit = \"change\"", more: "[limits]\nmax_streams = 2000\nidle_timeout = \"30s\"")
        let subscriber = try Subscriber(daemon)
        let recordings = Bundled.recordings.ranges.indices.map { Self.payloads(Bundled.recording($0)) }
        var fleet = Fleet(count: Self.devices, names: Self.names, daemon, recordings)
        var measurements: [Measurement] = []
        let start = ContinuousClock.now
        let end = start + .seconds(60 * Self.minutes)
        var (messages, received, nextMeasurement) = (0, 0, start)
        while ContinuousClock.now < end {
            let due = Int((ContinuousClock.now - start) / .seconds(1) * Self.rate / Double(Self.timestepsOfMessage))
            // What a busy machine holds up is made good, a little at a time.
            for _ in 0..<min(due - messages, 200) {
                try fleet.send(&generator)
                messages += 1
            }
            if Int.random(in: 0..<100, using: &generator) == 0 { try fleet.replaceOne(&generator) }
            while received < .max, try subscriber.socket.receiveMultipart() != nil { received += 1 }
            if ContinuousClock.now >= nextMeasurement {
                let status = try daemon.status()
                measurements.append(Measurement(
                    seconds: (ContinuousClock.now - start) / .seconds(1), resident: try Self.resident(daemon.processIdentifier),
                    lag: status.reply["lag_s"] as? Double ?? -1, behind: due - messages, streams: status["streams"]))
                nextMeasurement += .seconds(1)
            }
            usleep(1000)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        // What was sent arrives, all of it: devices leave in peace.
        fleet.leave()
        let status = try daemon.waitForStatus("everything sent") { $0["messages"] == messages }
        #expect(status.droppedTotal == 0)
        #expect(status.arrived == fleet.timestepsSent, "\(status)")

        // Buffers and tables have their size after a fifth of the time.
        let settled = measurements.filter { $0.seconds > seconds / 5 }
        let slope = Slope(settled.map { ($0.seconds, $0.resident) })
        let (firstHalf, secondHalf) = (settled.prefix(settled.count / 2), settled.suffix(settled.count / 2))
        let lag = (first: firstHalf.map(\.lag).max() ?? 0, second: secondHalf.map(\.lag).max() ?? 0)
        print("""
            \(String(format: "%.1f", seconds / 60)) minutes, \(status.arrived) timesteps (\(Int(Double(status.arrived) / seconds)) a second), \(status.timesteps); \
            \(fleet.comings) devices came, at most \(measurements.map(\.streams).max() ?? 0) streams; \(received) results and events; \
            resident memory \(Int(settled.first?.resident ?? 0) >> 10) to \(Int(settled.last?.resident ?? 0) >> 10) KiB, \
            slope \(String(format: "%.1f ± %.1f", slope.perSecond * 3600 / 1024, slope.error * 3600 / 1024)) KiB an hour; \
            lag at most \(lag.first) s in the first half, \(lag.second) s in the second; the sender was behind by \(measurements.map(\.behind).max() ?? 0) messages at most
            """)
        // In seconds memory has not come to rest.
        if Self.minutes >= 10 { #expect(abs(slope.perSecond) * seconds < max(3 * slope.error * seconds, 512 * 1024)) }
        #expect((settled.last?.resident ?? 0) < 200e6)
        #expect(lag.second < max(2 * lag.first, 5))
        #expect(daemon.stop() == 0)
    }

    private struct Measurement {
        var seconds: Double
        /// Bytes.
        var resident: Double
        var lag: Double
        /// Messages that should have been sent.
        var behind: Int
        var streams: Int
    }

    /// A recording's messages' payloads.
    private static func payloads(_ values: [Float]) -> [[UInt8]] {
        let size = timestepsOfMessage * 6
        return (0..<(values.count / size)).map { index in values[(index * size)..<((index + 1) * size)].flatMap { little($0.bitPattern) } }
    }

    private static func resident(_ process: pid_t) throws -> Double {
        let fields = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8).split(separator: " ")
        return (Double(fields[1]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Devices that are switched on at the moment.
    private struct Fleet {
        private struct Member {
            let device: Device
            let name: Int
            let boot: UInt32
            let recording: Int
            var next = 0
        }

        private let daemon: RunningDaemon
        private let recordings: [[[UInt8]]]
        private let names: Int
        private var members: [Member?]
        private var boots: [UInt32]
        private(set) var comings = 0
        private(set) var timestepsSent = 0

        init(count: Int, names: Int, _ daemon: RunningDaemon, _ recordings: [[[UInt8]]]) {
            self.daemon = daemon
            self.recordings = recordings
            self.names = names
            members = .init(repeating: nil, count: count)
            boots = .init(repeating: 0, count: names)
        }

        /// Some device's next timesteps; now and then it repeats them, or leaves some out.
        mutating func send(_ generator: inout SplitMix) throws {
            let place = Int.random(in: 0..<members.count, using: &generator)
            if members[place] == nil { try come(place, &generator) }
            guard var member = members[place] else { return }
            switch Int.random(in: 0..<100, using: &generator) {
            case 0: member.next += 1
            case 1 where member.next > 0: member.next -= 1
            default: break
            }
            let payloads = recordings[member.recording]
            var sample = Sample(stream: "watch/\(member.name)", values: [], seq: UInt64(member.next * SoakTests.timestepsOfMessage), ts: nil, boot: member.boot)
            sample.ts = 1_790_000_000_000_000_000
            var header = sample.header
            header[6] = UInt8(SoakTests.timestepsOfMessage)
            try member.device.send([Array("watch/\(member.name)".utf8) + [0] + header + payloads[member.next % payloads.count]])
            member.next += 1
            timestepsSent += SoakTests.timestepsOfMessage
            members[place] = member
        }

        /// A device goes; another one, or the same, restarted, comes.
        mutating func replaceOne(_ generator: inout SplitMix) throws {
            let place = Int.random(in: 0..<members.count, using: &generator)
            members[place] = nil
            try come(place, &generator)
        }

        mutating func leave() { for place in members.indices { members[place] = nil } }

        private mutating func come(_ place: Int, _ generator: inout SplitMix) throws {
            // No two devices of one name at a time.
            let name = place + members.count * Int.random(in: 0..<(names / members.count), using: &generator)
            let device = try Device(daemon.ingest[0], in: daemon.context)
            // What it has sent arrives though it is gone.
            try device.socket.set(.linger, nil)
            boots[name] += 1
            comings += 1
            members[place] = Member(device: device, name: name, boot: boots[name], recording: Int.random(in: 0..<recordings.count, using: &generator))
        }
    }
}

/// A straight line through points, by least squares.
private struct Slope {
    var perSecond = 0.0
    /// Its standard error, as if the points were independent.
    var error = 0.0

    init(_ points: [(x: Double, y: Double)]) {
        guard points.count > 2 else { return }
        let count = Double(points.count)
        let (x, y) = (points.map(\.x).reduce(0, +) / count, points.map(\.y).reduce(0, +) / count)
        let squares = points.map { ($0.x - x) * ($0.x - x) }.reduce(0, +)
        perSecond = points.map { ($0.x - x) * ($0.y - y) }.reduce(0, +) / squares
        let residuals = points.map { $0.y - y - perSecond * ($0.x - x) }
        error = (residuals.map { $0 * $0 }.reduce(0, +) / (count - 2) / squares).squareRoot()
    }
}
