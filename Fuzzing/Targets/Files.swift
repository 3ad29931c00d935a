// Targets that read a file of somebody else's, or a request.
import FoundationEssentials
import Glibc
import SkipConfiguration
import SkipRNN
import SkipStore
import SkipStream

/// A model file, or weights of another framework's; one that is accepted runs.
func fuzzModel(_ input: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = try? Safetensors(bytes: Array(input), file: "model") else { return false }
    let imported = try? ModelImport(bytes, ModelImport.Description())
    if let imported { run(imported.file) }
    guard let file = try? ModelFile(bytes) else { return imported != nil }
    run(file)
    // It is read as it was written.
    guard let again = try? ModelFile(Safetensors(bytes: file.encoded(), file: "again")) else { fatalError("a model that was written can't be read") }
    precondition(again.identity == file.identity, "a model changes by being written")
    return true
}

private func run(_ file: ModelFile) {
    var inference = Inference(Model(file))
    _ = inference.step([Float](repeating: 0.5, count: file.architecture.inputSize))
    _ = inference.probabilities
}

/// A recording file, and its bytes as lines of CSV.
func fuzzRecordings(_ input: UnsafeRawBufferPointer) -> Bool {
    let isCSV = readCSV(String(decoding: input.prefix(4096), as: UTF8.self))
    guard let bytes = try? Safetensors(bytes: Array(input), file: "recordings"), let recordings = try? Recordings(bytes) else { return isCSV }
    for range in recordings.ranges.prefix(3) { for timestep in range.prefix(3) { _ = recordings.timestep(timestep) } }
    return true
}

private func readCSV(_ text: String) -> Bool {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let layout = try? CSVLayout(header: lines[0], file: "csv") else { return false }
    var isAny = false
    for (index, line) in lines.dropFirst().prefix(8).enumerated() {
        var values: [Float] = []
        guard (try? layout.read(line, number: index + 2, into: &values)) != nil else { continue }
        precondition(values.count == layout.channels.count, "a line of CSV has not one value a channel")
        isAny = true
    }
    return isAny
}

/// A configuration file's text.
func fuzzConfiguration(_ input: UnsafeRawBufferPointer) -> Bool {
    do throws(ConfigurationError) {
        let configuration = try Configuration(text: String(decoding: input, as: UTF8.self))
        try configuration.requireModelAndRoute(file: "skipd.toml")
        return true
    } catch {
        precondition(!error.description.isEmpty, "a configuration is refused without a reason")
        return false
    }
}

/// A file of authorized keys, and one with a key. Each key that is accepted reads back from its line.
func fuzzKeys(_ input: UnsafeRawBufferPointer) -> Bool {
    var isKey = false
    for name in ["public-key", "secret-key"] {
        guard let key = KeyFile.value(name, in: Array(input)) else { continue }
        precondition(CurveKeyText.isValid(key), "what is no key is taken for one")
        isKey = true
    }
    guard let text = String(validating: input, as: UTF8.self), let keys = try? AuthorizedKeys.read(text, file: "keys") else { return isKey }
    for (key, _) in keys {
        precondition((try? AuthorizedKey(checking: key.line)) == key, "a key changes by being written: \(key.line)")
    }
    return isKey || !keys.isEmpty
}

/// A request on the control socket.
func fuzzControl(_ input: UnsafeRawBufferPointer) -> Bool {
    guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(input)) else { return false }
    // As `import` does with what it is given.
    for record in request.records ?? [] { _ = Data(base64Encoded: record) }
    return request.operation != nil
}

/// A store's whole file.
func fuzzStore(_ input: UnsafeRawBufferPointer) -> Bool {
    // In memory where the system has a folder there.
    var template = Array((access("/dev/shm", W_OK) == 0 ? "/dev/shm/skipd-fuzz-XXXXXX" : "/tmp/skipd-fuzz-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no scratch folder can be made") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard let file = fopen("\(folder)/state.sqlite", "w") else { fatalError("no file can be made in \(folder)") }
    fwrite(input.baseAddress, 1, input.count, file)
    fclose(file)
    let store = StateStore(StateDirectory(folder))
    let report = try? store.load { _, record in record.count < 300 }
    store.close()
    return (report?.records ?? 0) > 0
}
