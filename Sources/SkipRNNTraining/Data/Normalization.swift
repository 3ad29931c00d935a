public import SkipRNN

/// Mean and standard deviation of each channel, learned from the training part alone.
public struct Normalization: Sendable, Equatable {
    /// (F).
    public var mean: [Float]
    /// (F), above 0: 1 for a channel that never changes.
    public var standardDeviation: [Float]

    /// Leaves every value as it is.
    public static func none(features: Int) -> Normalization {
        Normalization(mean: [Float](repeating: 0, count: features), standardDeviation: [Float](repeating: 1, count: features))
    }

    /// A model's; nil where it has none.
    public init?(_ model: ModelFile) {
        guard let mean = model.tensors["input.mean"]?.values, let deviation = model.tensors["input.std"]?.values else { return nil }
        self.init(mean: mean, standardDeviation: deviation)
    }

    /// Divides every value by one number: 255 for pixels.
    public static func dividing(by divisor: Float, features: Int) -> Normalization {
        Normalization(mean: [Float](repeating: 0, count: features), standardDeviation: [Float](repeating: divisor, count: features))
    }

    init(mean: [Float], standardDeviation: [Float]) {
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// Learns from some recordings.
    public init(_ recordings: Recordings, _ chosen: [Int]) {
        let features = recordings.featureCount
        var (sums, squares) = ([Double](repeating: 0, count: features), [Double](repeating: 0, count: features))
        let ranges = recordings.ranges
        var count = 0.0
        for index in chosen {
            for t in ranges[index] { for f in 0..<features { sums[f] += Double(recordings.samples[t * features + f]) } }
            count += Double(ranges[index].count)
        }
        let means = sums.map { $0 / max(count, 1) }
        for index in chosen {
            for t in ranges[index] {
                for f in 0..<features {
                    let difference = Double(recordings.samples[t * features + f]) - means[f]
                    squares[f] += difference * difference
                }
            }
        }
        mean = means.map { Float($0) }
        standardDeviation = squares.map { square in
            let deviation = Float((square / max(count, 1)).squareRoot())
            return deviation > 0 && deviation.isFinite ? deviation : 1
        }
    }

    /// The model file's tensors.
    public var tensors: [String: ModelFile.Tensor] {
        [
            "input.mean": ModelFile.Tensor(shape: [mean.count], values: mean),
            "input.std": ModelFile.Tensor(shape: [mean.count], values: standardDeviation),
        ]
    }
}
