"""NATS and JetStream from a plain socket: a client that shares no line with skipd's, for tests and measurements."""
import base64, json, random, select, socket, time


class Unavailable(Exception):
    """No answer, or one that says that it can't be had now."""


class Client:
    """A connection of one thread. One that breaks is made anew at the next call, at whichever server lives."""

    def __init__(self, ports, host="127.0.0.1"):
        self.addresses = [(host, port) for port in ports]
        self.socket, self.inbox = None, "_INBOX." + base64.b32encode(random.randbytes(10)).decode()
        self.number = 0

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def connect(self, timeout=15):
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket = socket.create_connection(random.choice(self.addresses), 1)
                self.socket.settimeout(3)
                self.buffer = b""
                self.line()
                self.socket.sendall(b'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\nSUB %s.> 1\r\nPING\r\n' % self.inbox.encode())
                while self.line() != b"PONG":
                    pass
                return
            except OSError as error:
                self.close()
                if time.monotonic() > deadline:
                    raise Unavailable(f"no NATS server answers: {error}")
                time.sleep(0.1)

    def more(self):
        bytes = self.socket.recv(1 << 18)
        if not bytes:
            raise ConnectionError("closed")
        self.buffer += bytes

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def take(self, count):
        while len(self.buffer) < count + 2:
            self.more()
        bytes, self.buffer = self.buffer[:count], self.buffer[count + 2:]
        return bytes

    def publish(self, subject, payload=b"", headers=None, reply=""):
        if not self.socket:
            self.connect()
        head = ("NATS/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode() if headers else b""
        sizes = f"{len(head)} {len(head) + len(payload)}" if headers else str(len(payload))
        command = f"{'HPUB' if headers else 'PUB'} {subject} {reply + ' ' if reply else ''}{sizes}\r\n".encode()
        try:
            self.socket.sendall(command + head + payload + b"\r\n")
        except OSError as error:
            self.close()
            raise Unavailable(str(error))

    def next(self, timeout):
        """The next message as (subject, reply, headers, payload); None when the time is over."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                if b"\r\n" not in self.buffer:
                    left = deadline - time.monotonic()
                    if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                        return None
                line = self.line()
                if line == b"PING":
                    self.socket.sendall(b"PONG\r\n")
                elif line.startswith((b"MSG ", b"HMSG ")):
                    parts = line.decode().split(" ")
                    has_headers = parts.pop(0) == "HMSG"
                    total = int(parts[-1])
                    head = int(parts[-2]) if has_headers else 0
                    reply = parts[2] if len(parts) == (5 if has_headers else 4) else ""
                    body = self.take(total)
                    first, *rest = body[:head].decode(errors="replace").split("\r\n") if head else [""]
                    headers = {k.strip(): v.strip() for k, _, v in (each.partition(":") for each in rest if each)}
                    if first[8:].strip():
                        headers["Status"] = first[8:].strip()[:3]
                    return parts[0], reply, headers, body[head:]
                elif line.startswith(b"-ERR"):
                    raise ConnectionError(line.decode())
        except OSError as error:
            self.close()
            raise Unavailable(str(error))

    def request(self, subject, payload=b"", headers=None, timeout=3):
        self.number += 1
        reply = f"{self.inbox}.{self.number}"
        self.publish(subject, payload, headers, reply)
        deadline = time.monotonic() + timeout
        while True:
            message = self.next(max(0, deadline - time.monotonic()))
            if message is None:
                raise Unavailable(f"{subject} is not answered")
            if message[0] == reply:
                if message[2].get("Status") == "503":
                    raise Unavailable(f"nobody answers to {subject}")
                return message

    def api(self, call, **body):
        """JetStream's answer to a call, tried again while it has no leader."""
        for _ in range(30):
            try:
                answer = json.loads(self.request("$JS.API." + call, json.dumps(body).encode() if body else b"")[3])
                if answer.get("error", {}).get("code") != 503:
                    return answer
            except Unavailable:
                pass
            time.sleep(0.5)
        raise Unavailable(f"JetStream does not answer to {call}")

    def count(self, stream):
        """How many messages a stream has; 0 where there is no such stream."""
        return self.api(f"STREAM.INFO.{stream}").get("state", {}).get("messages", 0)

    def store(self, subject, payload, headers=None):
        """Publishes until JetStream has acknowledged."""
        for _ in range(100):
            try:
                if "seq" in json.loads(self.request(subject, payload, headers)[3]):
                    return
            except (Unavailable, json.JSONDecodeError):
                pass
            time.sleep(0.1)
        raise Unavailable(f"{subject} is not stored")

    def messages(self, stream, filter=">", **options):
        """All that a stream has, in its order, as (subject, sequence, headers, payload, time in nanoseconds); read again from the start where some is lost on the way."""
        for _ in range(10):
            try:
                found = self.read(stream, filter, options)
                if found is not None:
                    return found
            except Unavailable:
                pass
            time.sleep(0.5)
        raise Unavailable(f"{stream} can't be read")

    def read(self, stream, filter, options):
        self.number += 1
        inbox = f"{self.inbox}.all{self.number}"
        config = dict(ack_policy="none", mem_storage=True, num_replicas=1, filter_subject=filter, deliver_policy="all", inactive_threshold=int(30e9)) | options
        made = self.api(f"CONSUMER.CREATE.{stream}", stream_name=stream, config=config)
        if "error" in made:
            return [] if made["error"]["code"] == 404 else None
        found, pending, batch = [], made["num_pending"], 500
        while pending:
            asked = min(batch, pending)
            self.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{made['name']}", json.dumps(dict(batch=asked, expires=int(5e9))).encode(), reply=inbox)
            while asked:
                message = self.next(6)
                if message is None or "Status" in message[2]:
                    return None
                if not message[1].startswith(f"$JS.ACK.{stream}.{made['name']}."):
                    continue
                sequence, number, nanoseconds, pending = (int(each) for each in message[1].split(".")[-4:])
                if number != len(found) + 1:
                    return None
                found.append((message[0], sequence, message[2], message[3], nanoseconds))
                asked -= 1
        self.publish(f"$JS.API.CONSUMER.DELETE.{stream}.{made['name']}")
        return found
