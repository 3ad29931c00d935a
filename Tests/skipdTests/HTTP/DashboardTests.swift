import Foundation
import Testing

/// The dashboard in a real browser, with real traffic.
@Suite struct DashboardTests {
    private static let hasChromium = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test("Chromium shows rates, streams and a stream's timeline, light and dark, runs no foreign script and asks nobody else",
        .enabled(if: hasChromium, "chromium is missing: `make test-deps` installs it"))
    func chromium() throws {
        let daemon = try RunningDaemon.withHTTP()
        let run = try Run(Python.path ?? "python3", ["\(Files.root)/Tests/Fixtures/dashboard/watch.py", try daemon.url(), daemon.ingest[0]])
        #expect(run.status == 0 && run.output == "seen\n", "\(run.output)\(run.errors)\n\(daemon.log)")
        #expect(daemon.stop() == 0)
    }
}
