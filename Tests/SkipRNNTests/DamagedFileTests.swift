import SkipRNN
import Testing
import TestSupport

/// Files as a disk, a network or an enemy may leave them: refused with a sentence, or read, never a crash.
@Suite("Damaged files")
struct DamagedFileTests {
    private static func model(_ seed: UInt64) throws -> [UInt8] {
        var generator = SplitMix(seed: seed)
        let architecture = Architecture(cell: .skipGRU, inputSize: 2, hiddenSizes: [3], outputSize: 2)
        return try RandomModel.file(architecture, &generator).encoded()
    }

    private static func recordings() -> [UInt8] {
        var writer = SafetensorsWriter(metadata: ["format": "skip-recordings", "version": "1", "labels": #"["a","b"]"#, "sample_rate_hz": "50"])
        writer.add("samples", shape: [5, 2], floats: (0..<10).map { Float($0) })
        writer.add("lengths", shape: [2], integers: [2, 3])
        writer.add("labels", shape: [2], integers: [0, 1])
        return writer.encoded()
    }

    /// Reads bytes as everything they could be; a model that is read must run.
    private func read(_ bytes: [UInt8]) throws(FileFormatError) {
        let file = try Safetensors(bytes: bytes, file: "x")
        do {
            var inference = Inference(Model(try ModelFile(file)))
            _ = inference.step([Float](repeating: 0.5, count: inference.model.architecture.inputSize))
            _ = inference.probabilities
        } catch {}
        do { _ = try ModelImport(file, .init()) } catch {}
        let recordings = try Recordings(file)
        for range in recordings.ranges { for index in range { _ = recordings.timestep(index).count } }
    }

    @Test("a file cut short after any byte is refused")
    func truncation() throws {
        for bytes in [try Self.model(41), Self.recordings()] {
            for count in 0..<bytes.count {
                #expect(throws: FileFormatError.self, "\(count) of \(bytes.count) bytes") { try read(Array(bytes[..<count])) }
            }
        }
    }

    @Test("changed bytes never crash a reader, and where the file is read, it is whole")
    func flips() throws {
        let seed: UInt64 = .random(in: 0 ... .max)
        var generator = SplitMix(seed: seed)
        let originals = [try Self.model(42), Self.recordings(), try Golden.bytes("grad_skipgru_plain_i2_h4_t20.safetensors")]
        for round in 0..<6_000 {
            var bytes = originals[round % originals.count]
            // Most of what can go wrong stands in the header: aim there every other time.
            let end = round % 2 == 0 ? bytes.count : min(bytes.count, 700)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<end, using: &generator)] = Bool.random(using: &generator) ? .random(in: 0...255, using: &generator) : "0123456789-,[]{}\"\\eE.".utf8.randomElement(using: &generator) ?? 0
            }
            do { try read(bytes) } catch { #expect(error.file == "x" && !error.problem.isEmpty, "round \(round), seed \(seed)") }
        }
    }
}
