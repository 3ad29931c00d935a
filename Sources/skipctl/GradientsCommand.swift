import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// `skipctl model gradients`: a model's gradient on recordings, to compare with other implementations.
struct GradientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradients", abstract: "Writes the gradient of a model's loss on recordings.",
        discussion: """
            The loss is the mean over the recordings of the cross-entropy at each one's last timestep (half the squared error of a \
            regression), and the cost per sample times the mean number of updates. The gradient goes through the state update gate \
            by the straight-through estimator. Tensors have the model file's names.
            """)

    @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var model: String
    @Argument(help: "A recording file or a folder of CSV files.")
    var recordings: String
    @Option(help: "λ, the cost of one update.")
    var costPerSample: Float = 0
    @Option(help: "Where the loss is taken: last (timestep) or updates.")
    var loss = LossPlace.last
    @Option(name: [.customLong("out"), .customShort("o")], help: ArgumentHelp("Where the gradient goes, a safetensors file.", valueName: "file"))
    var output: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let gradients = try Gradients(try ModelFile(contentsOf: model), try Recordings(path: recordings), LossOptions(costPerUpdate: costPerSample, place: loss))
        try gradients.write(to: output)
        var text = StandardOutput()
        if json {
            var object = JSONObject()
            object.add("file", output)
            object.add("loss", gradients.result.loss)
            object.add("task_loss", gradients.result.taskLoss)
            object.add("budget_loss", gradients.result.budgetLoss)
            object.add("update_rate", gradients.result.updateRate)
            try text.line(object)
        } else {
            try text.line("\(output): \(gradients.tensors.count) tensors; loss \(gradients.result.loss), of which budget \(gradients.result.budgetLoss); \(percent(gradients.result.updateRate)) of the timesteps read")
        }
        try text.flush()
    }
}
