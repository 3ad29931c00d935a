import FoundationEssentials
import SkipStream

/// One stream's way from a source to messages: timesteps gathered into batches, numbered and timed.
struct SampleTrack {
    let stream: String
    private var source: any TimestepSource
    private let batch: Int
    private let options: Options
    /// The next timestep's index.
    private(set) var next: UInt64
    /// No timestep before this one will be read, as far as hints have told.
    private var wake: UInt64 = 0
    /// What was sent, and what would have been without hints.
    private(set) var sent = Traffic()
    private(set) var whole = Traffic()
    /// A timestep that was read but begins the next message.
    private var held: (values: [Float], flags: SampleHeader.Flags)?
    private var isFirst = true
    /// Up to where skipd has been told that time has come.
    private var said: UInt64 = 0

    /// Messages, their timesteps and their bytes.
    struct Traffic {
        var messages = 0
        var timesteps = 0
        var bytes = 0

        mutating func add(_ other: Traffic) {
            messages += other.messages
            timesteps += other.timesteps
            bytes += other.bytes
        }

        mutating func add(timesteps count: Int, bytes size: Int) {
            messages += 1
            timesteps += count
            bytes += size
        }
    }

    struct Options {
        /// seq of the first timestep; nil sends none: the timesteps follow the last ones received.
        var firstTimestep: UInt64? = 0
        /// 0 for none.
        var boot: UInt32 = 0
        /// Whether the first timestep begins a sequence, and the last one ends it, whatever the source says.
        var starts = false
        var ends = false
    }

    init(stream: String, _ source: any TimestepSource, batch: Int, _ options: Options) {
        self.stream = stream
        self.source = source
        self.batch = batch
        self.options = options
        next = options.firstTimestep ?? 0
    }

    var total: Int? { source.total }
    var featureCount: Int { source.featureCount }

    /// Takes a hint in: nothing before `timestep` will be read. One of another boot means another device.
    mutating func sleep(until timestep: UInt64, boot: UInt32) { if boot == options.boot { wake = timestep } }

    /// A message without timesteps that says how far time has come; nil where the last message has said it.
    mutating func farewell() -> [UInt8]? {
        guard sent.timesteps < whole.timesteps, next > said else { return nil }
        return send(SampleHeader(count: 0, firstTimestep: next, boot: options.boot), [])
    }

    private mutating func send(_ header: SampleHeader, _ values: [Float]) -> [UInt8] {
        let message = values.withUnsafeBytes { header.message(stream: stream.utf8, payload: $0) }
        sent.add(timesteps: header.count, bytes: message.count)
        said = next
        return message
    }

    /// The next message's timesteps: their number, those left out before them included, and the message.
    ///
    /// A timestep without a single value is not sent where timesteps are numbered: that is how a recording has those that never came.
    /// - Parameter timestamp: the first timestep's time; nil for none.
    /// - Returns: nil past the last; without bytes where none of its timesteps will be read, so that it needn't be sent.
    mutating func nextMessage(timestamp: Int64?) throws -> (count: Int, bytes: [UInt8]?)? {
        var values: [Float] = []
        var flags: SampleHeader.Flags = []
        var (count, omitted) = (0, 0)
        while count < batch, !flags.contains(.end), let (timestep, marks) = try take() {
            if options.firstTimestep != nil, marks.isEmpty, timestep.allSatisfy(\.isNaN) {
                guard count == 0 else {
                    held = (timestep, marks)
                    break
                }
                omitted += 1
                next += 1
                continue
            }
            // A sequence begins with a message's first timestep.
            if count > 0, marks.contains(.start) {
                held = (timestep, marks)
                break
            }
            values.append(contentsOf: timestep)
            flags.formUnion(marks)
            count += 1
        }
        guard count > 0 else { return nil }
        if isFirst, options.starts { flags.insert(.start) }
        isFirst = false
        if options.ends, held == nil {
            held = try read()
            if held == nil { flags.insert(.end) }
        }
        let header = SampleHeader(
            count: count, firstTimestep: options.firstTimestep == nil ? nil : next, timestamp: timestamp, boot: options.boot, flags: flags)
        next += UInt64(count)
        whole.add(timesteps: count, bytes: stream.utf8.count + 1 + SampleHeader.size + values.count * MemoryLayout<Float>.stride)
        // A sequence's first timestep is read in any case; its end closes it, whatever a hint has said of what would have followed.
        if flags.contains(.start) { wake = 0 }
        guard next <= wake else {
            if flags.contains(.end) { wake = 0 }
            return (omitted + count, send(header, values))
        }
        guard flags.contains(.end) else { return (omitted + count, nil) }
        wake = 0
        return (omitted + count, send(SampleHeader(count: 0, firstTimestep: next, boot: options.boot, flags: .end), []))
    }

    private mutating func take() throws -> (values: [Float], flags: SampleHeader.Flags)? {
        if let held {
            self.held = nil
            return held
        }
        return try read()
    }

    private mutating func read() throws -> (values: [Float], flags: SampleHeader.Flags)? {
        var values: [Float] = []
        return try source.next(into: &values).map { (values, $0) }
    }
}

/// Nanoseconds since the Unix epoch, to a quarter of a microsecond.
func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

/// A number by which this run differs from every other one, as a device's boot number does; never 0.
func newBoot() -> UInt32 { .random(in: 1 ... .max) }
