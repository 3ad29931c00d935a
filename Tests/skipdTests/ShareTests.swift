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

    @Test("a peer without a key that claims to be many devices is the one that its address says", arguments: [80])
    func forgedIdentities(connections: Int) throws {
        let daemon = try RunningDaemon(more: "[limits]\nmax_streams = 60")
        let quiet = try Device("tcp://127.0.0.2:0;" + daemon.ingest[0].dropFirst("tcp://".count), in: daemon.context)
        let timestep = Array(Bundled.recording(0)[..<6])
        for stream in 0..<20 { try quiet.send(Sample(stream: "watch/quiet/\(stream)", values: timestep, seq: 0)) }
        try daemon.waitForStatus("the first device's streams") { $0["streams"] == 20 }
        // As many devices as streams, each with fewer than the quiet one has: that would be pushed out.
        var liars: [RawConnection] = []
        for number in 0..<connections {
            let liar = try RawConnection(daemon.ingest[0])
            liar.send(RawConnection.greeting(mechanism: "NULL"))
            // libzmq hangs up on who doesn't wait for its part of the handshake.
            try liar.receive(atLeast: RawConnection.handshakeOfPull)
            liar.send(RawConnection.ready(["Socket-Type": "PUSH", "User-Id": "\(number + 1).\(number + 1)", "Peer-Address": "127.9.9.\(number)"]))
            let frame = Sample(stream: "watch/liar/\(number)", values: timestep, seq: 0).frames(.one)[0]
            liar.send([0, UInt8(frame.count)] + frame)
            liars.append(liar)
        }
        try daemon.waitForStatus("the flood") { $0["messages"] == 20 + connections }
        let reply = try daemon.ask("{\"op\":\"streams\",\"prefix\":\"watch/quiet/\",\"limit\":1000}")
        #expect((reply["streams"] as? [Any])?.count == 20)
    }
}
