public import ArgumentParser
public import SkipRNN
public import SkipRNNTraining

extension Architecture.Cell: ExpressibleByArgument {}
extension Architecture.GRUVariant: ExpressibleByArgument {}
extension Architecture.CandidateInput: ExpressibleByArgument {}
extension LossPlace: ExpressibleByArgument {}

extension LearningRateSchedule: ExpressibleByArgument {
    /// `constant`, `cosine`, or `step:N` with a number of epochs.
    public init?(argument: String) {
        switch argument {
        case "constant": self = .constant
        case "cosine": self = .cosine
        default:
            guard argument.hasPrefix("step:"), let epochs = Int(argument.dropFirst("step:".count)), epochs > 0 else { return nil }
            self = .step(epochs: epochs)
        }
    }
}

/// A list of group numbers: `1,2,10`.
struct GroupList: ExpressibleByArgument {
    var groups: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { Int($0) }
        guard !parts.isEmpty, !parts.contains(nil) else { return nil }
        groups = parts.compactMap { $0 }
    }
}

/// The paper's tasks.
enum PaperTask: String, ExpressibleByArgument, CaseIterable { case adding, frequency, smnist }
