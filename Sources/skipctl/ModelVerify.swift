import ArgumentParser
import SkipRNN

/// `skipctl model verify`: the same recordings through every kernel variant, timestep by timestep and event-driven.
struct ModelVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks that a model gives the same results however it is computed.",
        discussion: """
            Runs a recording file through every kernel variant of this machine, timestep by timestep, and compares with the scalar \
            one: gates must be equal, the worst difference of hidden state and outputs is shown. Then runs it event-driven as skipd \
            does, four streams at a time and from update to update by countdown: that must be bit-identical. Exit status 1 where \
            anything differs that must not.
            """)

    @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
    var file: String
    @Argument(help: "A recording file: safetensors, or CSV where the name ends in .csv.", completion: .file())
    var recording: String
    @Flag(help: "Print NDJSON: one object a kernel variant.")
    var json = false

    func run() throws {
        let file = try ModelFile(contentsOf: self.file)
        let recordings = try Recordings(file: recording)
        guard let scalar = Kernels.all.first else { throw CommandFailure("this machine can run no kernel variant; build skipctl for it") }
        try Model(file, kernels: scalar).check(recordings)
        let reference = UpdateTrace(stepping: Model(file, kernels: scalar), recordings)

        var output = StandardOutput()
        let palette = Palette.standardOutput
        var table = TextTable([("kernels", .left), ("gates", .left), ("worst h", .right), ("worst output", .right), ("event-driven", .left)])
        var failures: [String] = []
        for kernels in Kernels.all {
            let model = Model(file, kernels: kernels)
            let stepping = UpdateTrace(stepping: model, recordings)
            let difference = stepping.difference(from: reference)
            let isEventDrivenEqual = UpdateTrace(eventDriven: model, recordings) == stepping
            if let place = difference.gate { failures.append("the gates of \(kernels) and \(scalar) differ first at recording \(place.recording), timestep \(place.timestep)") }
            if !isEventDrivenEqual { failures.append("event-driven results of \(kernels) differ from stepping's") }
            if json {
                var object = JSONObject()
                object.add("kernels", kernels.name)
                object.add("is_best", kernels.name == Kernels.best.name)
                object.add("updates", stepping.updates.count)
                object.add("timesteps", recordings.lengths.reduce(0, +))
                object.add("gates_equal", difference.gate == nil)
                object.add("worst_hidden_state_difference", difference.hiddenState)
                object.add("worst_output_difference", difference.output)
                object.add("event_driven_identical", isEventDrivenEqual)
                try output.line(object)
            } else {
                table.add([
                    kernels.name, difference.gate == nil ? "equal" : "differ", "\(difference.hiddenState)", "\(difference.output)",
                    isEventDrivenEqual ? "identical" : "differs",
                ])
            }
        }
        if !json {
            for line in table.lines(palette) { try output.line(line) }
            if failures.isEmpty { try output.line(palette.green("\(grouped(reference.updates.count)) updates in \(grouped(recordings.lengths.reduce(0, +))) timesteps: all agree.")) }
        }
        try output.flush()
        if !failures.isEmpty { throw CommandFailure("\(self.file): \(failures.joined(separator: "; ")).") }
    }
}
