public import SkipRNN

/// Windows of recordings in random order, augmented; the validation part as it is.
public final class RecordedBatches: BatchSource {
    public let recordings: Recordings
    public let normalization: Normalization
    public let split: Split
    private let windowOptions: WindowOptions
    private let augmentation: Augmentation
    private let batchSize: Int
    private let seed: UInt64
    private let skipProbability: Double
    private let windows: [Window]
    private let validationWindows: [Window]
    /// Each recording's timesteps within N.
    private let ranges: [Range<Int>]
    private var order: (epoch: Int, indices: [Int]) = (-1, [])

    /// - Parameters:
    ///   - normalization: nil where mean and standard deviation are to be learned from the training part.
    ///   - skipProbability: for cells without a gate, the probability that a timestep is skipped; 0 for never.
    public init(
        _ recordings: Recordings, _ split: Split, windows options: WindowOptions, augmentation: Augmentation, batchSize: Int,
        normalization: Normalization? = nil, skipProbability: Double = 0, seed: UInt64
    ) throws(FileFormatError) {
        self.recordings = recordings
        self.split = split
        self.augmentation = augmentation
        self.batchSize = batchSize
        self.seed = seed
        self.skipProbability = skipProbability
        windowOptions = options
        ranges = recordings.ranges
        self.normalization = normalization ?? Normalization(recordings, split.training)
        windows = try options.windows(recordings, split.training)
        validationWindows = try options.windows(recordings, split.validation)
    }

    public var stepsPerEpoch: Int { (windows.count + batchSize - 1) / batchSize }
    public var validationBatches: Int { (validationWindows.count + batchSize - 1) / batchSize }

    public var identity: String {
        "\(recordings.file): \(recordings.count) recordings, \(recordings.samples.count) values, \(windows.count) windows of \(windowOptions), \(validationWindows.count) to validate, batch \(batchSize), \(augmentation), skip probability \(skipProbability), \(normalization)"
    }

    public func batch(epoch: Int, step: Int) -> Batch {
        if order.epoch != epoch {
            var indices = Array(windows.indices)
            var random = SeededRandom(seed, epoch)
            random.shuffle(&indices)
            order = (epoch, indices)
        }
        let chosen = order.indices[(step * batchSize)..<min((step + 1) * batchSize, windows.count)]
        return batch(chosen.map { windows[$0] }, augmentation, SeededRandom(seed, epoch, step))
    }

    public func validationBatch(epoch: Int, index: Int) -> Batch {
        batch(Array(validationWindows[(index * batchSize)..<min((index + 1) * batchSize, validationWindows.count)]), Augmentation(), SeededRandom(seed, -3, index))
    }

    private func batch(_ windows: [Window], _ augmentation: Augmentation, _ random: SeededRandom) -> Batch {
        var random = random
        let features = recordings.featureCount
        let every = windowOptions.every
        var stretches: [Float] = []
        let lengths = windows.map { (window) -> Int in
            let length = (window.length + every - 1) / every
            return augmentation.crop > 0 ? max(length - random.integer(Int(augmentation.crop * Double(length)) + 1), 1) : length
        }
        if augmentation.stretch > 1 {
            stretches = windows.map { _ in random.uniform() < 0.5 ? 1 : Float(exponential(random.uniform(0, logarithm(augmentation.stretch)))) }
        }
        var batch = Batch(timesteps: lengths.max() ?? 0, count: windows.count, features: features)
        batch.lengths = lengths
        batch.stretches = stretches
        for (row, window) in windows.enumerated() {
            add(window, lengths[row], row, &batch, augmentation, &random)
            if let classes = recordings.classes { batch.classes.append(classes[window.recording]) }
            if let targets = recordings.targets {
                let outputs = targets.count / recordings.count
                batch.targets.append(contentsOf: targets[(window.recording * outputs)..<((window.recording + 1) * outputs)])
            }
        }
        if skipProbability > 0 { batch.skipAtRandom(skipProbability, &random) }
        return batch
    }

    private func add(_ window: Window, _ length: Int, _ row: Int, _ batch: inout Batch, _ augmentation: Augmentation, _ random: inout SeededRandom) {
        let features = recordings.featureCount
        let range = ranges[window.recording]
        var start = window.start
        if augmentation.shifts { start += window.room.lowerBound + random.integer(window.room.count) }
        let rotation = augmentation.rotation > 0 && features % 3 == 0 ? augmentation.rotationMatrix(&random) : nil
        let scale = augmentation.scale > 0 ? Float(1 + random.uniform(-augmentation.scale, augmentation.scale)) : 1
        let isMirrored = !augmentation.mirrored.isEmpty && random.uniform() < 0.5
        let speed = augmentation.speed > 0 ? 1 + random.uniform(-augmentation.speed, augmentation.speed) : 1
        let noise = Float(augmentation.noise)
        let (mean, deviation) = (normalization.mean, normalization.standardDeviation)
        recordings.samples.withUnsafeBufferPointer { samples in
            batch.samples.withUnsafeMutableBufferPointer { values in
                for t in 0..<length {
                    let to = (t * batch.count + row) * features
                    let place = Double(t * windowOptions.every) * speed
                    let whole = Int(place)
                    let fraction = Float(place - Double(whole))
                    let (a, b) = (min(start + whole, range.upperBound - 1) * features, min(start + whole + 1, range.upperBound - 1) * features)
                    if fraction == 0 {
                        for f in 0..<features { values[to + f] = samples[a + f] * scale }
                    } else {
                        for f in 0..<features { values[to + f] = (samples[a + f] + fraction * (samples[b + f] - samples[a + f])) * scale }
                    }
                    if isMirrored { for f in augmentation.mirrored { values[to + f] = -values[to + f] } }
                    if let rotation {
                        for triple in Swift.stride(from: to, to: to + features, by: 3) {
                            let (x, y, z) = (values[triple], values[triple + 1], values[triple + 2])
                            for i in 0..<3 { values[triple + i] = rotation[3 * i] * x + rotation[3 * i + 1] * y + rotation[3 * i + 2] * z }
                        }
                    }
                    for f in 0..<features { values[to + f] = (values[to + f] - mean[f]) / deviation[f] }
                    if noise > 0 {
                        for f in 0..<features { values[to + f] += noise * random.noise() }
                    }
                }
            }
        }
    }
}

extension Batch {
    /// Lets cells without a gate skip each timestep with a probability: the paper's `p_skip` baselines.
    mutating func skipAtRandom(_ probability: Double, _ random: inout SeededRandom) {
        forcedUpdates = (0..<(timesteps * count)).map { _ in random.uniform() < probability ? 0 : 1 }
    }
}
