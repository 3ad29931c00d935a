import SkipStream

extension Route {
    /// Reads a `[[route]]`; nil where it lacks what it needs.
    init?(_ section: inout SectionReader, models: [String]) {
        section.require("match", "it says which streams are meant, such as \"watch/*\"")
        section.require("model", "it says by its name which model runs the streams")
        let match = section.string("match", default: "", expected: "a pattern of stream names, such as \"watch/*\" or \"plant1/**\",") { !$0.isEmpty }
        let model = section.string("model", default: "", expected: "a model's name") { !$0.isEmpty }
        self.init(match: StreamPattern(match), model: model)
        encoding = section.word("encoding", default: encoding)
        emit = Self.emit(&section)
        probabilities = section.boolean("probabilities", default: probabilities)
        hints = section.boolean("hints", default: hints)
        hintEvery = section.optionalInteger("hint_every", in: 1...Self.lastTimestep).map { UInt64($0) }
        gap = section.word("gap", default: gap)
        stretch = section.number("stretch", default: stretch, in: 1...(.greatestFiniteMagnitude))
        sequence = section.optionalInteger("sequence", in: 0...Self.lastTimestep).map { UInt64($0) }
        maxSkip = section.optionalInteger("max_skip", in: 0...Self.lastTimestep)
        maxUpdates = section.updateBound("max_updates")
        budget = section.budget("budget")
        switching = section.word("switch", default: switching)
        readShadow(&section, models: models)
        if hintEvery != nil, !hints { section.notes.warn("\(section.name).hint_every", "hint_every does nothing without hints = true") }
        if !model.isEmpty, !models.contains(model) {
            let hint = nearest(to: model, in: models).map { "did you mean \"\($0)\"?" } ?? (models.isEmpty ? "there is no [[model]]" : "the models are \(models.joined(separator: ", "))")
            section.notes.refuse("\(section.name).model", "model is \"\(model)\", but no [[model]] has that name; \(hint)")
        }
        guard !match.isEmpty, !model.isEmpty else { return nil }
    }

    private mutating func readShadow(_ section: inout SectionReader, models: [String]) {
        let name = section.read("shadow", default: String?.none, text: { $0.map(quoted) ?? "" }) { (content) throws(Expected) in
            guard case .string(let text) = content, !text.isEmpty else { throw Expected("a model's name") }
            return text
        }
        let share = section.number("shadow_share", default: 1, in: 0...1)
        guard let name else {
            if section.has("shadow_share") { section.notes.warn("\(section.name).shadow_share", "shadow_share does nothing without shadow") }
            return
        }
        guard models.contains(name) else { return section.notes.refuse("\(section.name).shadow", "shadow is \"\(name)\", but no [[model]] has that name") }
        shadow = Shadow(model: name, share: Double(share))
    }

    /// WIRE.md: timestep indices go up to 2⁵³.
    private static let lastTimestep = 1 << 53

    private static func emit(_ section: inout SectionReader) -> EmitRule {
        let rule = section.read("emit", default: EmitRule.change(), text: text) { (content) throws(Expected) in
            switch content {
            case .string("update"): return .update
            case .string("change"): return .change()
            case .string("end"): return .end
            case .integer(let count) where 1...lastTimestep ~= count: return .every(UInt64(count))
            default: throw Expected("\"update\", \"change\", \"end\" or a number of timesteps from 1 up")
            }
        }
        let minimum = section.number("min_p", default: 0, in: 0...1)
        let hold = section.integer("hold", default: 1, in: 1...1_000_000)
        guard case .change = rule else {
            for key in ["min_p", "hold"] where section.has(key) { section.notes.warn("\(section.name).\(key)", "\(key) does nothing without emit = \"change\"") }
            return rule
        }
        return .change(minimumProbability: minimum, hold: hold)
    }

    private static func text(_ rule: EmitRule) -> String {
        switch rule {
        case .update: "\"update\""
        case .change: "\"change\""
        case .end: "\"end\""
        case .every(let count): "\(count)"
        }
    }
}
