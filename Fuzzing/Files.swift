import FoundationEssentials
import SkipConfiguration
import SkipRNN
import SkipStream

// Targets that read a file or a request of somebody else's.

/// A model file; one that is accepted runs.
func fuzzModel(_ input: UnsafeRawBufferPointer) {
    guard let bytes = try? Safetensors(bytes: Array(input), file: "model"), let file = try? ModelFile(bytes) else { return }
    // What is accepted may be large: a step of it is enough.
    guard file.architecture.stateSize < 1000, file.architecture.inputSize < 1000 else { return }
    var inference = Inference(Model(file))
    _ = inference.step([Float](repeating: 0.5, count: file.architecture.inputSize))
    _ = inference.probabilities
    // It is written as it was read.
    guard let again = try? ModelFile(Safetensors(bytes: file.encoded(), file: "again")) else { fatalError("a model that was written can't be read") }
    precondition(again.identity == file.identity, "a model changes by being written")
}

/// A recording file, and its bytes as lines of CSV.
func fuzzRecordings(_ input: UnsafeRawBufferPointer) {
    fuzzCSV(String(decoding: input.prefix(4096), as: UTF8.self))
    guard let bytes = try? Safetensors(bytes: Array(input), file: "recordings"), let recordings = try? Recordings(bytes) else { return }
    for range in recordings.ranges.prefix(3) { for timestep in range.prefix(3) { _ = recordings.timestep(timestep) } }
}

/// A configuration file's text.
func fuzzConfiguration(_ input: UnsafeRawBufferPointer) {
    do throws(ConfigurationError) {
        _ = try Configuration(text: String(decoding: input, as: UTF8.self))
    } catch {
        precondition(!error.problems.isEmpty, "a configuration is refused without a reason")
    }
}

/// A request on the control socket.
func fuzzControl(_ input: UnsafeRawBufferPointer) {
    guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(input)) else { return }
    _ = request.operation
}

/// Lines of CSV as `skipctl pub` and recordings have them.
private func fuzzCSV(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let layout = try? CSVLayout(header: lines[0], file: "csv") else { return }
    for (index, line) in lines.dropFirst().prefix(8).enumerated() {
        var values: [Float] = []
        guard (try? layout.read(line, number: index + 2, into: &values)) != nil else { continue }
        precondition(values.count == layout.channels.count, "a line of CSV has not one value a channel")
    }
}
