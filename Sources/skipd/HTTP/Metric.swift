/// One metric of `/metrics`: what it is called, what it says, and where its values come from.
package struct Metric: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// A value with its labels; of a histogram one series of it.
    struct Sample: Sendable {
        /// `_bucket`, `_sum` or `_count` in a histogram, else nothing.
        var suffix = ""
        var labels: [(name: String, value: String)] = []
        var value: Double
    }

    package let name: String
    package let kind: Kind
    /// One sentence without its full stop, as Prometheus shows it.
    package let help: String
    /// The labels' names, in order.
    package let labels: [String]
    /// The values; none where the daemon has nothing to say, such as of checkpoints that it doesn't keep.
    let samples: @Sendable (DaemonStatus, ProcessStatus) -> [Sample]

    init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = [], samples: @escaping @Sendable (DaemonStatus, ProcessStatus) -> [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.samples = samples
    }

    /// A metric of one value without labels.
    init(_ name: String, _ kind: Kind, _ help: String, value: @escaping @Sendable (DaemonStatus, ProcessStatus) -> Double?) {
        self.init(name, kind, help) { daemon, process in value(daemon, process).map { [Sample(value: $0)] } ?? [] }
    }
}

extension Metric {
    /// A histogram's series.
    /// - Parameters:
    ///   - bounds: upper bounds of all buckets but the last, which is infinite.
    ///   - counts: what is in each bucket, not cumulative, one more than there are bounds.
    static func histogram(bounds: [Double], counts: [UInt64], sum: Double) -> [Sample] {
        var samples: [Sample] = []
        var cumulative: UInt64 = 0
        for (index, count) in counts.enumerated() {
            cumulative += count
            let bound = index < bounds.count ? text(bounds[index]) : "+Inf"
            samples.append(Sample(suffix: "_bucket", labels: [("le", bound)], value: Double(cumulative)))
        }
        return samples + [Sample(suffix: "_sum", value: sum), Sample(suffix: "_count", value: Double(cumulative))]
    }

    /// Appends the metric in Prometheus' text format 0.0.4; nothing where it has no values.
    func write(_ daemon: DaemonStatus, _ process: ProcessStatus, to output: inout String) {
        let samples = samples(daemon, process)
        guard !samples.isEmpty else { return }
        output += "# HELP \(name) \(Self.escaped(help)).\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            output += name + sample.suffix
            if !sample.labels.isEmpty {
                output += "{" + sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
            }
            output += " \(Self.text(sample.value))\n"
        }
    }

    /// A number without a needless fraction.
    static func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? value.description }

    /// A label's value as the text format has it: model names come from a file, where they may contain anything.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
