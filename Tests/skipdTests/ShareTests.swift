import Testing
import ZeroMQ

struct ShareTests {
    @Test("a flood of new names from one address leaves the streams of another alone")
    func flood() throws {
        let daemon = try RunningDaemon(more: "[limits]\nmax_streams = 100")
        let address = daemon.ingest[0].dropFirst("tcp://".count)
        // All of 127/8 is this machine: a device may come from any address there.
        let quiet = try Device("tcp://127.0.0.2:0;\(address)", in: daemon.context)
        let loud = try Device("tcp://127.0.0.3:0;\(address)", in: daemon.context)
        let timestep = Array(Bundled.recording(0)[..<6])
        for stream in 0..<20 { try quiet.send(Sample(stream: "watch/quiet/\(stream)", values: timestep, seq: 0)) }
        try daemon.waitForStatus("the first device's streams") { $0["streams"] == 20 }
        for stream in 0..<3000 { try loud.send(Sample(stream: "watch/loud/\(stream)", values: timestep, seq: 0)) }
        try daemon.waitForStatus("the flood") { $0["messages"] == 3020 }
        let reply = try daemon.ask("{\"op\":\"streams\",\"prefix\":\"watch/quiet/\",\"limit\":1000}")
        #expect((reply["streams"] as? [Any])?.count == 20)
        #expect(try daemon.status()["streams"] == 100)
    }
}
