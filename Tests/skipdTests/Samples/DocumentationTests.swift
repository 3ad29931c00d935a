import Foundation
import Testing
import ZeroMQ

/// Every code sample in README.md and docs/: what can be run is run, the rest is checked as far as its language lets it.
@Suite struct DocumentationTests {
    /// A fenced block.
    struct Sample: CustomTestStringConvertible {
        let file: String
        let line: Int
        let language: String
        let text: String
        var testDescription: String { "\(file):\(line)" }
    }

    private static func samples(_ languages: Set<String>) -> [Sample] { all.filter { languages.contains($0.language) } }

    private static let all: [Sample] = {
        let manuals = (try? FileManager.default.contentsOfDirectory(atPath: Files.root + "/docs")) ?? []
        let libraries = ["SkipRNN", "SkipStream", "ZeroMQ", "SkipRNNTraining"].map { "Sources/\($0)/\($0).docc/\($0).md" }
        return (["README.md"] + libraries + manuals.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }).flatMap(read)
    }()

    private static func read(_ file: String) -> [Sample] {
        guard let text = try? String(contentsOfFile: "\(Files.root)/\(file)", encoding: .utf8) else { return [] }
        var samples: [Sample] = []
        var open: (line: Int, language: String, lines: [Substring])?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    samples.append(Sample(file: file, line: block.line, language: block.language, text: block.lines.map { $0 + "\n" }.joined()))
                    open = nil
                } else {
                    open = (number + 1, String(line.dropFirst(3)), [])
                }
            } else {
                open?.lines.append(line)
            }
        }
        return samples
    }

    @Test("there are samples, each in a language that is checked here, or in none")
    func languages() {
        #expect(Self.all.count > 10)
        for sample in Self.all {
            #expect(["python", "c", "sh", "json", "toml", "yaml", "swift", "text", ""].contains(sample.language), "\(sample.testDescription): \(sample.language)")
        }
    }

    /// A daemon as the default configuration has it, and the sample's text with this daemon's ports in place of the default ones.
    private func daemon(_ sample: Sample) throws -> (RunningDaemon, String) {
        let needsKey = sample.text.contains("curve_")
        let keys = needsKey ? try Self.keys() : nil
        defer { if let keys { try? FileManager.default.removeItem(atPath: keys) } }
        let daemon = try RunningDaemon(configuration: { folder in
            var more = ""
            if let keys {
                try? FileManager.default.moveItem(atPath: keys, toPath: folder + "/keys")
                more = "[security]\nserver_key = \"keys/server.key\"\nauthorized_keys = \"keys/authorized_keys\"\n"
            }
            return RunningDaemon.configuration(folder, ingest: "bind = [\"tcp://127.0.0.1:*\"]", route: "emit = \"update\"\nhints = true", more: more)
        })
        func port(_ endpoint: String) -> String { endpoint.split(separator: ":").last.map { String($0) } ?? "" }
        let text = needsKey ? "import os\nos.chdir(\"\(daemon.folder)/keys\")\n" + sample.text : sample.text
        return (daemon, text.replacing("5570", with: port(daemon.ingest[0])).replacing("5571", with: port(daemon.results[0])))
    }

    /// A folder with the daemon's key and a device's, as `skipctl keygen` makes them.
    private static func keys() throws -> String {
        let folder = try Files.temporaryFolder()
        _ = try Run(Files.program("skipctl"), ["keygen", "--server", "--output", folder + "/server.key"])
        let line = try Run(Files.program("skipctl"), ["keygen", "--device", "watch7", "--publish", "watch/7", "--output", folder + "/watch7.key"]).output
        try line.write(toFile: folder + "/authorized_keys", atomically: true, encoding: .utf8)
        return folder
    }

    @Test("Python runs as it stands: skipd understands all that devices send, and those who listen hear it", arguments: samples(["python"]))
    func python(_ sample: Sample) throws {
        let (daemon, port) = try daemon(sample)
        let weights = daemon.folder + "/weights.safetensors"
        let text = port.replacing("weights.safetensors", with: weights)
        var interpreter = Python.path ?? "/usr/bin/python3"
        if text.contains("import torch") {
            // Too large to be asked for; where it is at hand, the sample's file is imported.
            guard let torch = Python.withTorch else { return }
            interpreter = torch
        }
        if text.contains("while True:") { return try listen(daemon, [interpreter, "-u", "-c", text]) }
        let run = try Run(interpreter, ["-c", text])
        #expect(run.status == 0, "\(run.errors)")
        if text.contains(weights) { #expect(try Run(Files.program("skipctl"), ["model", "import", weights, "--out", daemon.folder + "/model"]).status == 0) }
        if sample.text.contains("5570") { try daemon.waitForStatus("a timestep") { $0.arrived > 0 } }
        #expect(try daemon.status().droppedTotal == 0, "\(daemon.log)")
    }

    /// Runs a program that listens for ever until it has printed something.
    private func listen(_ daemon: RunningDaemon, _ command: [String]) throws {
        let listener = Process()
        let output = daemon.folder + "/output"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        listener.executableURL = URL(fileURLWithPath: command[0])
        listener.arguments = Array(command.dropFirst())
        listener.standardOutput = FileHandle(forWritingAtPath: output)
        try listener.run()
        defer {
            // It may have been started with other signals blocked.
            kill(listener.processIdentifier, SIGKILL)
            listener.waitUntilExit()
        }
        try daemon.waitForStatus("the subscription") { $0["subscriptions"] > 0 }
        let device = try Device(daemon.ingest[0], kind: .xpub, in: daemon.context)
        _ = try device.socket.receiveMultipart(wait: true)
        try daemon.wait("a line") {
            try device.send([Array("watch/sample".utf8), [UInt8](repeating: 0, count: 24)])
            return try listener.isRunning && !String(contentsOfFile: output, encoding: .utf8).isEmpty
        }
    }

    @Test("C compiles without a warning, and a whole program runs", arguments: samples(["c"]))
    func c(_ sample: Sample) throws {
        let (daemon, text) = try daemon(sample)
        let (file, program) = (daemon.folder + "/sample.c", daemon.folder + "/sample")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let isProgram = text.contains("int main(")
        let compiler = try Run("/usr/bin/cc", ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", file] + (isProgram ? ["-o", program, "-lzmq", "-lm"] : ["-fsyntax-only"]))
        try #require(compiler.status == 0, "\(compiler.errors)")
        guard isProgram else { return }
        let run = try Run(program, [])
        #expect(run.status == 0, "\(run.errors)")
        let status = try daemon.waitForStatus("a timestep") { $0.arrived > 0 }
        #expect(status.droppedTotal == 0, "\(daemon.log)")
    }

    @Test("Swift is linked with SkipRNN alone, and runs", arguments: samples(["swift"]))
    func swift(_ sample: Sample) throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = sample.text.replacing("\"watch.safetensors\"", with: "\"\(Files.model)\"").replacing("\"watch-seven.safetensors\"", with: "\"\(Files.recordings)\"")
        // What a reader brings along.
        let timesteps = "let timesteps: [[Float]] = (0..<50).map { t in (0..<6).map { Float($0 + t) } }\n"
        try ((text.contains("let recordings") ? "" : timesteps) + text).write(toFile: folder + "/main.swift", atomically: true, encoding: .utf8)
        let build = URL(fileURLWithPath: Files.program("skipd")).deletingLastPathComponent().path
        let objects = ["SkipRNN", "CSkipKernels"].flatMap { target -> [String] in
            let files = FileManager.default.enumerator(atPath: "\(build)/\(target).build")?.compactMap { $0 as? String } ?? []
            return files.filter { $0.hasSuffix(".o") && !$0.hasSuffix("wrap.o") }.map { "\(build)/\(target).build/\($0)" }
        }
        let compiler = try Run("/usr/bin/env", ["swiftc", "-I", build + "/Modules", "-Xcc", "-fmodule-map-file=\(build)/CSkipKernels.build/module.modulemap", folder + "/main.swift"] + objects + ["-lm", "-o", folder + "/program"])
        try #require(compiler.status == 0, "\(compiler.errors)")
        let run = try Run(folder + "/program", [])
        #expect(run.status == 0 && !run.output.isEmpty, "\(run.errors)")
    }

    @Test("shell samples are shell, and call commands with subcommands and options that there are", arguments: samples(["sh"]))
    func shell(_ sample: Sample) throws {
        let run = try Run("/bin/bash", ["-n", "-c", sample.text])
        #expect(run.status == 0, "\(run.errors)")
        for line in sample.text.split(separator: "\n").flatMap({ $0.prefix { $0 != "#" && $0 != ">" }.split(separator: "|") }) {
            let words = line.split(separator: " ").drop { $0 == "sudo" || $0 == "$" }.map { String($0) }
            guard let program = words.first, ["skipd", "skipctl"].contains(program) else { continue }
            // Subcommands, as many as there are before the first that is none.
            var help = try Run(Files.program(program), ["--help"]).output
            var path: [String] = []
            for word in words.dropFirst().prefix(2) {
                path.append(word)
                let deeper = try Run(Files.program(program), path + ["--help"])
                guard !word.hasPrefix("-"), help.contains("\n  \(word) "), deeper.status == 0 else { break }
                help = deeper.output
            }
            if program == "skipctl" { #expect(help.contains("USAGE: skipctl ") && words.count > 1 && help.contains(words[1]), "\(line)") }
            for option in words where option.hasPrefix("--") {
                let name = option.prefix { $0 != "=" }
                #expect(help.contains(name) || ["--help", "--version"].contains(name), "\(line): there is no \(name)")
            }
        }
    }

    @Test("JSON is JSON, line by line or as a whole", arguments: samples(["json"]))
    func json(_ sample: Sample) {
        func isJSON(_ text: some StringProtocol) -> Bool { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil }
        #expect(isJSON(sample.text) || sample.text.split(separator: "\n").allSatisfy { isJSON($0) }, "\(sample.text)")
    }

    @Test("configurations are ones that skipd takes", arguments: samples(["toml"]))
    func toml(_ sample: Sample) throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var text = sample.text.replacing(/path = "[^"]*"/, with: "path = \"\(Files.model)\"")
        try "# nobody yet\n".write(toFile: folder + "/authorized_keys", atomically: true, encoding: .utf8)
        // A sample may leave out what it isn't about.
        if !text.contains("[[model]]") { text += "\n[[model]]\nname = \"watch\"\npath = \"\(Files.model)\"\n" }
        if !text.contains("[[route]]") { text += "\n[[route]]\nmatch = \"watch/*\"\nmodel = \"watch\"\n" }
        try text.write(toFile: folder + "/skipd.toml", atomically: true, encoding: .utf8)
        let run = try Run(Files.program("skipd"), ["--check", "--config", folder + "/skipd.toml"])
        #expect(run.status == 0, "\(run.errors)")
    }
}
