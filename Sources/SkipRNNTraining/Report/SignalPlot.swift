/// A signal with the timesteps that were read marked, as the paper's figures 3, 5 and 6 show them.
struct SignalPlot {
    var title: String
    /// Channel by channel, T values each.
    var channels: [[Float]]
    /// What the channels are called; empty where they have no names.
    var names: [String] = []
    /// Timesteps a second, for an axis in seconds; nil for one in timesteps.
    var sampleRate: Double?
    /// (T).
    var read: [Bool]

    private static let (width, height, left, right, top, bottom) = (900.0, 206.0, 10.0, 10.0, 26.0, 50.0)

    var svg: String {
        let count = read.count
        guard count > 1 else { return "" }
        let values = channels.flatMap { $0 }
        let (low, high) = (Double(values.min() ?? 0), Double(values.max() ?? 1))
        let span = high > low ? high - low : 1
        func px(_ t: Int) -> String { decimals(Self.left + Double(t) / Double(count - 1) * (Self.width - Self.left - Self.right), 1) }
        func py(_ value: Float) -> String { decimals(Self.top + (1 - (Double(value) - low) / span) * (Self.height - Self.top - Self.bottom), 1) }
        var text = "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(escaped(title))\">"
        text += "<text class=\"title\" x=\"\(Self.left)\" y=\"16\">\(escaped(title))</text>"
        for t in 0..<count where read[t] {
            text += "<line class=\"read\" x1=\"\(px(t))\" x2=\"\(px(t))\" y1=\"\(Self.top)\" y2=\"\(Self.height - Self.bottom + 8)\"/>"
        }
        for (index, channel) in channels.enumerated() {
            text += "<polyline class=\"line thin c\(index % 4)\" points=\"\(channel.indices.map { "\(px($0)),\(py(channel[$0]))" }.joined(separator: " "))\"/>"
        }
        for t in 0..<count where read[t] {
            text += "<circle class=\"readmark\" cx=\"\(px(t))\" cy=\"\(Self.height - Self.bottom + 12)\" r=\"2.6\"/>"
        }
        for (index, name) in names.prefix(channels.count).enumerated() {
            text += "<text class=\"legend end c\(index % 4)\" x=\"\(Self.width - Self.right - Double(min(names.count, channels.count) - 1 - index) * 92)\" y=\"16\">● \(escaped(name))</text>"
        }
        let duration = sampleRate.map { Double(count - 1) / $0 } ?? Double(count - 1)
        for tick in LinePlot.ticks(0...duration) {
            text += "<text class=\"tick middle\" x=\"\(decimals(Self.left + tick.value / duration * (Self.width - Self.left - Self.right), 1))\" y=\"\(Self.height - 22)\">\(tick.label)\(sampleRate == nil ? "" : " s")</text>"
        }
        text += "<text class=\"tick\" x=\"\(Self.left)\" y=\"\(Self.height - 4)\">\(read.count { $0 }) of \(count) timesteps read</text>"
        return text + "</svg>"
    }
}
