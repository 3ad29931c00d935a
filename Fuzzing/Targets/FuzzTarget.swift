/// A way in which foreign bytes come. `make fuzz` feeds each with inputs that it makes up, `CorpusTests` with those of `Fuzzing/Corpus`.
///
/// A target may do anything but trap, hang, leak, grow without bound or touch memory that isn't its own.
package enum FuzzTarget: String, CaseIterable, Codable, Sendable {
    case messages, json, record, store, control, model, recordings, configuration, keys

    /// Has an input read.
    /// - Returns: whether any of it was taken, as opposed to all of it refused.
    @discardableResult
    package func feed(_ input: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .messages: fuzzMessages(input)
        case .json: fuzzJSON(input)
        case .record: fuzzRecord(input)
        case .store: fuzzStore(input)
        case .control: fuzzControl(input)
        case .model: fuzzModel(input)
        case .recordings: fuzzRecordings(input)
        case .configuration: fuzzConfiguration(input)
        case .keys: fuzzKeys(input)
        }
    }
}
