public import SkipRNN

extension Recordings {
    /// Checks what training needs beyond a well-formed file.
    /// - Parameter training: the recordings that train.
    /// - Throws: `FileFormatError` that names the recording or the class.
    public func checkForTraining(_ training: [Int]) throws(FileFormatError) {
        guard count > 0, !samples.isEmpty else { throw FileFormatError(file, "has no timestep to train on") }
        guard classes != nil || targets != nil else { throw FileFormatError(file, "has no labels; a recording file's tensor labels or a CSV file's column label gives them") }
        try checkFinite()
        guard let classes, !labels.isEmpty else { return }
        var counts = [Int](repeating: 0, count: labels.count)
        for index in training where lengths[index] > 0 { counts[classes[index]] += 1 }
        if let empty = counts.firstIndex(of: 0) {
            throw FileFormatError(file, "the class \(labels[empty]) has no recording in the training part, so it can't be learned; add some, take it out of labels, or hold out other groups")
        }
    }

    /// - Throws: `FileFormatError` that names the recording, its timestep and channel of the first value that is not finite.
    public func checkFinite() throws(FileFormatError) {
        guard let index = samples.firstIndex(where: { !$0.isFinite }) else { return }
        let (timestep, channel) = (index / featureCount, index % featureCount)
        let ranges = ranges
        let recording = ranges.firstIndex { $0.contains(timestep) } ?? 0
        let name = channels.isEmpty ? "channel \(channel)" : channels[channel]
        throw FileFormatError(file, "recording \(recording) has \(samples[index]) in \(name) at timestep \(timestep - ranges[recording].lowerBound); only finite numbers can be trained on")
    }
}
