public import SkipRNN

extension ModelFile {
    /// A model file of trained parameters.
    /// - Parameters:
    ///   - normalization: nil where values are read as they are.
    ///   - file: the name for errors.
    public init(_ parameters: Parameters, _ metadata: ModelMetadata, _ normalization: Normalization?, file: String) throws(FileFormatError) {
        let tensors = parameters.fileTensors.merging(normalization?.tensors ?? [:]) { $1 }
        try self.init(parameters.architecture, metadata: metadata, tensors: tensors, file: file)
    }
}
