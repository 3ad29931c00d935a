import Foundation
import NATSServer
import SkipStream
import Testing

/// The cluster's proof, whose scripts in Tests/Cluster share no line with skipd: real servers, faults, and one undisturbed skipd as the oracle. `make cluster-faults` runs more of them.
@Suite(.serialized, .enabled(if: NATSServer.isInstalled && Python.isExpected, "nats-server, or python3 with zmq and numpy, is not installed")) struct ClusterProofTests {
    private static let faultCount: String? = ProcessInfo.processInfo.environment["CLUSTER_FAULTS"]

    private func run(_ script: String, _ arguments: [String] = []) throws {
        guard let python = Python.path else { throw TestFailure("no python3 with zmq and numpy; install Debian's python3-zmq and python3-numpy") }
        let run = try Run(python, ["\(Files.root)/Tests/Cluster/\(script).py"] + arguments, environment: ["SKIPD": Files.program("skipd"), "SKIPCTL": Files.program("skipctl")])
        print(run.output)
        #expect(run.status == 0, "\(run.output)\n\(run.errors)")
    }

    @Test(
        "whatever of workers, gateways, servers and links fails, each stream's results are those of one undisturbed skipd of what JetStream has",
        .enabled(if: faultCount != nil, "it takes minutes: CLUSTER_FAULTS says how many faults, and make cluster-faults runs its script"))
    func faults() throws { try run("faults", ["--faults", Self.faultCount ?? "", "--streams", "30"]) }

    @Test("a worker whose consumers run on a server that has fallen behind leaves them for others, and misses nothing")
    func behind() throws { try run("behind") }

    @Test("TLS and credentials let gateway, worker and skipctl in, and nobody without; what skipctl shows of a cluster is true")
    func secured() throws { try run("secured") }

    @Test("where libnats is not installed, who needs it says so, and who doesn't does without")
    func withoutLibrary() throws { try run("without_libnats") }

    @Test("an MQTT client feeds a stream through a NATS server's own port")
    func mqtt() throws { try run("mqtt") }
}

/// The examples that find streams' subjects in other languages.
@Suite struct SubjectExampleTests {
    private static let names = ["watch/7", "watch", "plant1/pump7/vibration", "a.b", "a b", "a//b", "/a", "a/", "/", "100%", "*", ">", "ü/ö", "%", "a\tb", "~", "a\u{7f}"]
    private static let expected = names.map { ClusterSubject.samples(Array($0.utf8)) }

    @Test("examples/subjects.py says the same as skipd", .enabled(if: Python.isExpected, "python3 is not installed"))
    func python() throws {
        guard let python = Python.path else { throw TestFailure("no python3; install Debian's python3") }
        let run = try Run(python, ["\(Files.root)/examples/subjects.py"] + Self.names)
        #expect(run.output.split(separator: "\n").map(String.init) == Self.expected, "\(run.errors)")
    }

    @Test("examples/subjects.c says the same as skipd")
    func c() throws {
        let folder = try Files.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let built = try Run("/usr/bin/env", ["clang", "-Wall", "-Wextra", "-Werror", "-O2", "-o", folder + "/subjects", "\(Files.root)/examples/subjects.c"])
        #expect(built.status == 0, "\(built.errors)")
        #expect(try Run(folder + "/subjects", Self.names).output.split(separator: "\n").map(String.init) == Self.expected)
    }
}
