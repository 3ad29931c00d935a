import Glibc

/// Lines or points over two axes, as SVG. Colours come from the page's style sheet, so that it follows light and dark.
struct LinePlot {
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        /// A Boolean value indicating whether the points are marked beside the line.
        var hasMarks = false
        /// A word at each point; empty for none.
        var notes: [String] = []
    }

    var title: String
    var xName: String
    var yName: String
    var series: [Series]
    /// The axis' bounds where they are known; from the data otherwise.
    var yBounds: ClosedRange<Double>?
    var xBounds: ClosedRange<Double>?

    private static let (width, height, left, right, top, bottom) = (560.0, 260.0, 58.0, 14.0, 30.0, 42.0)

    var svg: String {
        let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        guard !points.isEmpty else { return "" }
        let x = Self.bounds(points.map(\.x), xBounds), y = Self.bounds(points.map(\.y), yBounds)
        let plotWidth = Self.width - Self.left - Self.right, plotHeight = Self.height - Self.top - Self.bottom
        func px(_ value: Double) -> Double { Self.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * plotWidth }
        func py(_ value: Double) -> Double { Self.top + (1 - (value - y.lowerBound) / (y.upperBound - y.lowerBound)) * plotHeight }
        var text = "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(escaped(title))\">"
        text += "<text class=\"title\" x=\"\(Self.left)\" y=\"16\">\(escaped(title))</text>"
        for tick in Self.ticks(y) {
            text += "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(decimals(py(tick.value), 1))\" y2=\"\(decimals(py(tick.value), 1))\"/>"
            text += "<text class=\"tick end\" x=\"\(Self.left - 6)\" y=\"\(decimals(py(tick.value) + 4, 1))\">\(tick.label)</text>"
        }
        for tick in Self.ticks(x) {
            text += "<text class=\"tick middle\" x=\"\(decimals(px(tick.value), 1))\" y=\"\(Self.height - Self.bottom + 16)\">\(tick.label)</text>"
        }
        text += "<text class=\"tick middle\" x=\"\(Self.left + plotWidth / 2)\" y=\"\(Self.height - 6)\">\(escaped(xName))</text>"
        text += "<text class=\"tick middle\" transform=\"translate(13 \(Self.top + plotHeight / 2)) rotate(-90)\">\(escaped(yName))</text>"
        for (index, one) in series.enumerated() {
            let finite = one.points.enumerated().filter { $0.element.x.isFinite && $0.element.y.isFinite }
            let path = finite.map { "\(decimals(px($0.element.x), 1)),\(decimals(py($0.element.y), 1))" }.joined(separator: " ")
            text += "<polyline class=\"line c\(index % 4)\" points=\"\(path)\"/>"
            if one.hasMarks || finite.count == 1 {
                for (place, point) in finite {
                    text += "<circle class=\"mark c\(index % 4)\" cx=\"\(decimals(px(point.x), 1))\" cy=\"\(decimals(py(point.y), 1))\" r=\"3.5\"/>"
                    if place < one.notes.count { text += "<text class=\"tick\" x=\"\(decimals(px(point.x) + 6, 1))\" y=\"\(decimals(py(point.y) - 6, 1))\">\(escaped(one.notes[place]))</text>" }
                }
            }
            if series.count > 1 {
                text += "<text class=\"legend c\(index % 4)\" x=\"\(Self.width - Self.right - Double(series.count - index) * 92 + 92)\" y=\"16\" text-anchor=\"end\">● \(escaped(one.name))</text>"
            }
        }
        return text + "</svg>"
    }

    private static func bounds(_ values: [Double], _ given: ClosedRange<Double>?) -> ClosedRange<Double> {
        if let given { return given }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        return low == high ? (low - 0.5)...(high + 0.5) : low...(high + (high - low) * 0.05)
    }

    /// Round numbers within an axis: 1, 2 or 5 times a power of ten apart.
    static func ticks(_ bounds: ClosedRange<Double>) -> [(value: Double, label: String)] {
        let span = bounds.upperBound - bounds.lowerBound
        let power = pow(10, floor(log10(span / 4)))
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? power * 10
        let digits = max(0, Int(-floor(log10(step) + 1e-9)))
        // Past four decimals the power of ten is written out: five digits are as much as fits beside the axis.
        let exponent = digits > 4 ? Int(floor(log10(max(abs(bounds.lowerBound), abs(bounds.upperBound))))) : 0
        func label(_ value: Double) -> String {
            guard exponent != 0, abs(value) > step / 2 else { return decimals(value, exponent == 0 ? digits : 0) }
            return "\(decimals(value * pow(10, Double(-exponent)), max(0, digits + exponent)))e\(exponent)"
        }
        var ticks: [(Double, String)] = []
        var value = (bounds.lowerBound / step).rounded(.up) * step
        while value <= bounds.upperBound + step * 1e-9, ticks.count < 12 {
            ticks.append((value, label(value)))
            value += step
        }
        return ticks
    }
}
