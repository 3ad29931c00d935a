public import SkipRNN
public import SkipStream

extension StreamProcessor {
    /// A processor that runs every stream through one made-up model and publishes at sequences' ends only.
    public static func made(hidden: Int, period: Int?, kernels: Kernels = .best) throws -> StreamProcessor {
        var processor = StreamProcessor(sink: NoSink())
        let model = Model(try ModelFile.made(features: madeFeatures, hidden: hidden, period: period), kernels: kernels)
        processor.install([BoundRoute(Route(match: StreamPattern("**"), model: "made", emit: .end), model)])
        return processor
    }
}

/// F of every measurement.
public let madeFeatures = 6
