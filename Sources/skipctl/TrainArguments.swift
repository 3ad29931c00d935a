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

/// A list of groups by name, or by number where they have none: `anna,bert`, `1,2,10`.
struct GroupList: ExpressibleByArgument {
    private var names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",").map { String($0) }
        if names.isEmpty { return nil }
    }

    /// - Throws: `FileFormatError` where the recordings have no such group.
    func groups(of recordings: Recordings) throws(FileFormatError) -> [Int] {
        var groups: [Int] = []
        for name in names { groups.append(try recordings.group(named: name)) }
        return groups
    }
}

/// The paper's tasks.
enum PaperTask: String, ExpressibleByArgument, CaseIterable { case adding, frequency, smnist }
