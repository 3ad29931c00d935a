import Foundation
import SkipRNN
import Testing

@Suite(.serialized) struct ForeignClientTests {
    @Test("pyzmq publishes arrays by its documented recipe with a topic in front, and reads the results", .enabled(if: Python.isExpected, "no python3 with zmq and numpy: install python3-zmq and python3-numpy"))
    func pyzmq() throws {
        let daemon = try RunningDaemon(ingest: "bind = [\"tcp://127.0.0.1:*\"]")
        let values = Bundled.recording(0)
        var oracle = Oracle(Bundled.model)
        oracle.run(values, stream: "watch/python")
        try Data(values.flatMap { little($0.bitPattern) }).write(to: URL(fileURLWithPath: daemon.folder + "/samples.f32"))
        let output = try Python.run("""
            import json, sys, numpy, zmq
            ingest, results, control, path, wanted = sys.argv[1:]

            def send_array(socket, stream, A, **header):
                # https://pyzmq.readthedocs.io/en/latest/howto/serialization.html, with a topic in front.
                md = dict(dtype=str(A.dtype), shape=A.shape, **header)
                socket.send_string(stream, zmq.SNDMORE)
                socket.send_json(md, zmq.SNDMORE)
                return socket.send(A, 0, copy=True, track=False)

            context = zmq.Context()
            subscriber = context.socket(zmq.SUB)
            subscriber.connect(results)
            subscriber.subscribe("result/watch/python")
            admin = context.socket(zmq.REQ)
            admin.connect(control)
            while True:
                admin.send_json({"op": "status"})
                if admin.recv_json()["subscriptions"] == 1: break
            publisher = context.socket(zmq.XPUB)
            publisher.connect(ingest)
            assert publisher.recv() == b"\\1"
            samples = numpy.fromfile(path, dtype="<f4").reshape(-1, 6)
            for first in range(0, len(samples), 25):
                send_array(publisher, "watch/python", samples[first:first + 25], seq=first, ts=first * 20_000_000, boot=1)
            for _ in range(int(wanted)):
                topic, body = subscriber.recv_multipart()
                assert topic == b"result/watch/python"
                print(body.decode())
            """, [daemon.ingest[0], daemon.results[0], daemon.controlEndpoint, daemon.folder + "/samples.f32", "\(oracle.results.count)"])
        let results = try output.split(separator: "\n").map { try JSONDecoder().decode(Result.self, from: Data($0.utf8)) }
        #expect(!results.isEmpty)
        #expect(results == oracle.results)
    }
}
