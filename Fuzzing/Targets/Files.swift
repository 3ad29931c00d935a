// Targets that read a file of somebody else's, or a request.
import FoundationEssentials
import Glibc
import SkipConfiguration
import SkipRNN
import SkipStore
import SkipStream

/// A model file, or weights of another framework's; one that is accepted runs.
func fuzzModel(_ input: UnsafeRawBufferPointer) -> CInt {
    guard let bytes = try? Safetensors(bytes: Array(input), file: "model") else { return 0 }
    if let imported = try? ModelImport(bytes, ModelImport.Description()) { run(imported.file) }
    guard let file = try? ModelFile(bytes) else { return 0 }
    run(file)
    // It is read as it was written.
    guard let again = try? ModelFile(Safetensors(bytes: file.encoded(), file: "again")) else { fatalError("a model that was written can't be read") }
    precondition(again.identity == file.identity, "a model changes by being written")
    return 0
}

private func run(_ file: ModelFile) {
    var inference = Inference(Model(file))
    _ = inference.step([Float](repeating: 0.5, count: file.architecture.inputSize))
    _ = inference.probabilities
}

/// A recording file, and its bytes as lines of CSV.
func fuzzRecordings(_ input: UnsafeRawBufferPointer) -> CInt {
    readCSV(String(decoding: input.prefix(4096), as: UTF8.self))
    guard let bytes = try? Safetensors(bytes: Array(input), file: "recordings"), let recordings = try? Recordings(bytes) else { return 0 }
    for range in recordings.ranges.prefix(3) { for timestep in range.prefix(3) { _ = recordings.timestep(timestep) } }
    return 0
}

private func readCSV(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let layout = try? CSVLayout(header: lines[0], file: "csv") else { return }
    for (index, line) in lines.dropFirst().prefix(8).enumerated() {
        var values: [Float] = []
        guard (try? layout.read(line, number: index + 2, into: &values)) != nil else { continue }
        precondition(values.count == layout.channels.count, "a line of CSV has not one value a channel")
    }
}

/// A configuration file's text.
func fuzzConfiguration(_ input: UnsafeRawBufferPointer) -> CInt {
    do throws(ConfigurationError) {
        let configuration = try Configuration(text: String(decoding: input, as: UTF8.self))
        try configuration.requireModelAndRoute(file: "skipd.toml")
    } catch {
        precondition(!error.description.isEmpty, "a configuration is refused without a reason")
    }
    return 0
}

/// A file of authorized keys, and one with a key. Each key that is accepted reads back from its line.
func fuzzKeys(_ input: UnsafeRawBufferPointer) -> CInt {
    for name in ["public-key", "secret-key"] {
        if let key = KeyFile.value(name, in: Array(input)) { precondition(CurveKeyText.isValid(key), "what is no key is taken for one") }
    }
    guard let text = String(validating: input, as: UTF8.self), let keys = try? AuthorizedKeys.read(text, file: "keys") else { return 0 }
    for (key, _) in keys {
        precondition((try? AuthorizedKey(checking: key.line)) == key, "a key changes by being written: \(key.line)")
    }
    return 0
}

/// A request on the control socket.
func fuzzControl(_ input: UnsafeRawBufferPointer) -> CInt {
    guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(input)) else { return 0 }
    _ = request.operation
    // As `import` does with what it is given.
    for record in request.records ?? [] { _ = Data(base64Encoded: record) }
    return 0
}

/// A store's whole file.
func fuzzStore(_ input: UnsafeRawBufferPointer) -> CInt {
    let folder = scratch
    for name in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm", "state.sqlite-journal"] { unlink("\(folder)/\(name)") }
    guard let file = fopen("\(folder)/state.sqlite", "w") else { fatalError("no file can be made in \(folder)") }
    fwrite(input.baseAddress, 1, input.count, file)
    fclose(file)
    let store = StateStore(StateDirectory(folder))
    let report = try? store.load { _, record in record.count < 300 }
    store.close()
    // What was set aside would add up.
    if let aside = report?.setAside { for suffix in ["", "-wal"] { unlink(aside + suffix) } }
    return 0
}

/// A folder of this process's, in memory where the system has one there.
private let scratch: String = {
    var template = Array((access("/dev/shm", W_OK) == 0 ? "/dev/shm/skipd-fuzz-XXXXXX" : "/tmp/skipd-fuzz-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no scratch folder can be made") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}()
