"""A worker's consumers run on a server whose copies of the streams have fallen behind for good: it leaves them for others, and its results are one undisturbed skipd's.

nats-server 2.9 may do so after a restart (nats-io/nats-server issue 2642); here a proxy before a real server does, by its own answer to what such a
consumer is asked for: the time is over, nothing came.
"""
import re, socket, sys, threading, time

from stage import Devices, Recordings, Stage, check, free_port, program_path

PULL = re.compile(rb"PUB \$JS\.API\.CONSUMER\.MSG\.NEXT\.(\S+)\.(\S+) (\S+) (\d+)$")


class Proxy:
    """Passes a NATS connection through, but for what consumers that stand still are asked for."""

    def __init__(self, port):
        self.port, self.behind, self.consumers, self.asked = port, set(), {}, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def fall_behind(self):
        """From now on the consumers that there are give nothing more."""
        self.behind |= set(self.consumers)

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.port))
            lock = threading.Lock()
            threading.Thread(target=self.down, args=(server, client, lock), daemon=True).start()
            threading.Thread(target=self.up, args=(client, server, lock), daemon=True).start()

    @staticmethod
    def lines(source):
        """Each line with its payload, if it has one, until the connection ends."""
        file = source.makefile("rb")
        try:
            while line := file.readline():
                yield line, file.read(int(line.split()[-1]) + 2) if line.startswith((b"MSG ", b"HMSG ", b"PUB ", b"HPUB ")) else b""
        except OSError:
            pass

    def down(self, server, client, lock):
        """Messages whole, so that an answer of the proxy's own falls between two."""
        for line, payload in self.lines(server):
            with lock:
                client.sendall(line + payload)
        client.close()

    def up(self, client, server, lock):
        for line, payload in self.lines(client):
            pull = PULL.match(line.rstrip())
            if pull:
                consumer = (pull[1], pull[2])
                self.consumers[consumer] = True
                if consumer in self.behind:
                    self.asked += 1
                    threading.Timer(4, self.refuse, (client, lock, pull[3])).start()
                    continue
            server.sendall(line + payload)
        server.close()

    @staticmethod
    def refuse(client, lock, reply):
        head = b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 256\r\nNats-Pending-Bytes: 0\r\n\r\n"
        # The subscription's number is 1: a skipd has one, for all its answers.
        try:
            with lock:
                client.sendall(b"HMSG %s 1 %d %d\r\n%s\r\n" % (reply, len(head), len(head), head))
        except OSError:
            pass


def main():
    skipd = program_path()
    with Stage(skipd, servers=1, lease="5s") as stage:
        gateway = stage.gateway("g")
        proxy = Proxy(stage.servers[0].port)
        direct = stage.servers[0].port
        stage.servers[0].port = proxy.listener.getsockname()[1]
        worker = stage.worker("w")
        stage.servers[0].port = direct
        stage.wait_for_owners(["w"])
        devices = Devices([gateway], 10, 300, Recordings(), limit=200)
        devices.start()
        for _ in range(3):
            time.sleep(1.5)
            proxy.fall_behind()
        devices.join()
        samples, results, problems = check(stage, patience=60)
        print(f"{len(proxy.behind)} consumers fell behind and were asked {proxy.asked} times; {samples} samples, {results} results: {problems or 'as one undisturbed skipd has them'}")
        if problems:
            print(stage.describe(), worker.log[-2000:], sep="\n")
        return 0 if results and not problems and proxy.asked else 1


if __name__ == "__main__":
    sys.exit(main())
