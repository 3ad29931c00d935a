/// What a model is trained on. Every batch is a function of its place, so that a training can be continued anywhere.
public protocol BatchSource: AnyObject {
    /// Batches of an epoch.
    var stepsPerEpoch: Int { get }
    /// Batches to validate on; 0 where nothing is held out.
    var validationBatches: Int { get }
    func batch(epoch: Int, step: Int) -> Batch
    /// The same in every epoch, or fresh ones where the source makes its data.
    func validationBatch(epoch: Int, index: Int) -> Batch
    /// Whether a validation result counts as having solved the task.
    func isSolved(_ validation: BatchResult) -> Bool
    /// What must be equal for a checkpoint to be continued.
    var identity: String { get }
}

extension BatchSource {
    public func isSolved(_ validation: BatchResult) -> Bool { false }
}
