import Foundation
import Testing

/// The programs in `examples/`, run as they are.
@Suite struct ExamplesTests {
    /// A daemon that subscribes, as the default configuration does.
    private func daemon() throws -> RunningDaemon { try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]") }

    @Test("the device and the consumer in Python understand each other through skipd")
    func python() throws {
        let daemon = try daemon()
        let consumer = Process()
        let output = Pipe()
        consumer.executableURL = URL(fileURLWithPath: Python.path ?? "/usr/bin/python3")
        consumer.arguments = ["\(Files.root)/examples/consumer.py", "watch/", daemon.results[0], "3"]
        consumer.standardOutput = output
        try consumer.run()
        defer { if consumer.isRunning { kill(consumer.processIdentifier, SIGKILL) } }
        try daemon.waitForStatus("the consumer's subscription") { $0["subscriptions"] == 1 }
        let device = try Run(Python.path ?? "/usr/bin/python3", ["\(Files.root)/examples/device.py", "watch/example", daemon.ingest[0], "60"])
        #expect(device.status == 0, "\(device.errors)")
        try daemon.waitForStatus("all timesteps") { $0.arrived == 60 }
        consumer.waitUntilExit()
        #expect(consumer.terminationStatus == 0)
        let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("watch/example  ") && $0.hasSuffix(" timesteps read") }, "\(lines)")
        #expect(try daemon.status().droppedTotal == 0)
    }

    @Test("the configuration to try things with is in order")
    func configuration() throws {
        let run = try Run(Files.program("skipd"), ["--check", "--config", "\(Files.root)/examples/skipd.toml"])
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test("the manuals' pictures are drawn from real runs, and are XML")
    func pictures() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = try Run(Python.path ?? "/usr/bin/python3", ["\(Files.root)/docs/images/pictures.py", Files.program("skipctl"), folder])
        #expect(run.status == 0, "\(run.errors)")
        for name in ["gate.svg", "stretch.svg"] {
            let reading = try Run(Python.path ?? "/usr/bin/python3", ["-c", "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])", "\(folder)/\(name)"])
            #expect(reading.status == 0, "\(name): \(reading.errors)")
        }
    }

    @Test("the device in C compiles without a warning and loses nothing")
    func c() throws {
        let daemon = try daemon()
        let program = daemon.folder + "/device"
        let compiler = try Run("/usr/bin/cc", ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", program, "\(Files.root)/examples/device.c", "-lzmq", "-lm"])
        try #require(compiler.status == 0, "\(compiler.errors)")
        let device = try Run(program, ["watch/example", daemon.ingest[0], "60"])
        #expect(device.status == 0, "\(device.errors)")
        let status = try daemon.waitForStatus("all timesteps") { $0.arrived == 60 }
        #expect(status.droppedTotal == 0)
        #expect(status.timesteps["lost"] == 0)
    }

    /// A daemon whose route gives hints.
    private func hintingDaemon() throws -> RunningDaemon { try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]", route: "emit = \"update\"\nhints = true") }

    /// Looks at what a device that sleeps has said at its end, and what skipd counted.
    private func check(_ device: Run, _ daemon: RunningDaemon) throws {
        #expect(device.status == 0, "\(device.errors)")
        let parts = device.output.split(separator: " ")
        let silent = try #require(parts.first.flatMap { Int($0) }, "\(device.output)")
        #expect(silent > 0 && device.output.hasSuffix(" of 100 timesteps never sent\n"))
        let status = try daemon.waitForStatus("all timesteps") { $0.arrived + ($0.timesteps["omitted"] ?? 0) + ($0.timesteps["lost"] ?? 0) == 100 }
        #expect(status.timesteps["omitted"] == silent && status.timesteps["lost"] == 0 && status.droppedTotal == 0, "\(status)")
        #expect(try daemon.stream("watch/example")["omitted"] == "\(silent)")
    }

    @Test("the device in Python that sleeps sends less, and nothing that would have been read is missed")
    func sleeperInPython() throws {
        let daemon = try hintingDaemon()
        try check(try Run(Python.path ?? "/usr/bin/python3", ["\(Files.root)/examples/sleeper.py", "watch/example", daemon.ingest[0], daemon.results[0], "100"]), daemon)
    }

    @Test("so does the one in C, which compiles without a warning")
    func sleeperInC() throws {
        let daemon = try hintingDaemon()
        let program = daemon.folder + "/sleeper"
        let compiler = try Run("/usr/bin/cc", ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", program, "\(Files.root)/examples/sleeper.c", "-lzmq", "-lm"])
        try #require(compiler.status == 0, "\(compiler.errors)")
        try check(try Run(program, ["watch/example", daemon.ingest[0], daemon.results[0], "100"]), daemon)
    }
}
