public import SkipRNN

extension Recordings {
    /// Checks that a model can be run on the recordings.
    /// - Throws: `FileFormatError` that says what differs.
    public func check(fits architecture: Architecture) throws(FileFormatError) {
        guard featureCount == architecture.inputSize else { throw FileFormatError(file, "has \(featureCount) channels, but the model reads \(architecture.inputSize)") }
        switch architecture.task {
        case .classification:
            guard let classes else { throw FileFormatError(file, "has no class for each recording (an I64 tensor labels), which a classifier's evaluation needs") }
            if let index = classes.firstIndex(where: { $0 >= architecture.outputSize }) { throw FileFormatError(file, "recording \(index) has label \(classes[index]), but the model has \(architecture.outputSize) classes, counted from 0") }
        case .regression:
            guard let targets else { throw FileFormatError(file, "has no targets for each recording (an F32 tensor labels), which a regression's evaluation needs") }
            guard count > 0, targets.count / count == architecture.outputSize else { throw FileFormatError(file, "has \(targets.count / max(count, 1)) targets a recording, but the model has \(architecture.outputSize) outputs") }
        }
        try checkFinite()
    }
}
