"""Real servers, real skipds, devices, and the oracle: what tests, demo and measurements of the cluster are made of.

All runs in a network namespace of its own where that can be made (see `private_network`), else on loopback.
"""
import ctypes, json, os, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time, urllib.request

import numpy
import zmq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(ROOT + "/examples")
import subjects
from jetstream import Client
NATS_SERVER = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin")
INTERVAL = 20_000_000  # nanoseconds between the bundled recordings' timesteps
EPOCH = 1_795_000_000_000_000_000


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def private_network():
    """Starts this program anew in a network namespace of its own, where links can be cut. Returns whether it runs in one."""
    if os.environ.get("SKIPD_NAMESPACE") == "own":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    if shutil.which("unshare") and shutil.which("ip") and subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
        os.environ["SKIPD_NAMESPACE"] = "own"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    return False


given_ports = set()


def free_port():
    """A port that nobody listens at, and that was not given out before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in given_ports:
            given_ports.add(port)
            return port


class Program:
    """A process in a folder of its own, ended with this one."""

    def __init__(self, folder, command, name):
        self.folder, self.command, self.name = folder, command, name
        os.makedirs(folder, exist_ok=True)
        self.process = None

    def start(self):
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    @property
    def log(self):
        with open(self.folder + "/log", errors="replace") as file:
            return file.read()


class Server(Program):
    """A nats-server with JetStream, one of a cluster."""

    def __init__(self, folder, number, routes, listen="127.0.0.1", more=""):
        self.port, self.monitor, self.route = free_port(), free_port(), routes[number]
        super().__init__(folder, [NATS_SERVER, "-c", folder + "/server.conf"], f"server {number}")
        cluster = f"""cluster {{ name: skipd, listen: "127.0.0.1:{self.route}", routes: [{", ".join(f'"nats://127.0.0.1:{each}"' for each in routes)}] }}""" if len(routes) > 1 else ""
        with open(folder + "/server.conf", "w") as file:
            file.write(f"""server_name: n{number}
listen: "{listen}:{self.port}"
http: "127.0.0.1:{self.monitor}"
jetstream {{ store_dir: "{folder}/store", max_memory_store: 256MB, max_file_store: 4GB }}
{cluster}
{more}
""")
        self.start()

    def is_healthy(self):
        """Whether its streams have caught up with the others'."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=2) as answer:
                return json.load(answer).get("status") == "ok"
        except (OSError, ValueError):
            return False

    def wait_until_healthy(self, timeout=60):
        deadline = time.monotonic() + timeout
        while not self.is_healthy():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not well:\n{self.log[-2000:]}")
            time.sleep(0.1)


class Daemon(Program):
    """A skipd."""

    def __init__(self, folder, skipd, name, cluster="", interval="1s", port=None, prefix=(), match="watch/**"):
        self.ingest = f"tcp://127.0.0.1:{port or free_port()}"
        self.results, self.control = f"ipc://{folder}/results", f"ipc://{folder}/control"
        super().__init__(folder, [*prefix, skipd, "--config", folder + "/skipd.toml"], name)
        with open(folder + "/skipd.toml", "w") as file:
            file.write(f"""[ingest]
bind = ["{self.ingest}"]
pattern = "pull"
[results]
bind = ["{self.results}"]
[control]
bind = "{self.control}"
[http]
listen = ""
[state]
directory = ""
checkpoint_interval = "{interval}"
[[model]]
name = "watch"
path = "{ROOT}/etc/skipd/models/watch.safetensors"
[[route]]
match = "{match}"
model = "watch"
emit = "update"
{cluster}
""")
        self.start()

    def ask(self, op, timeout=5):
        with zmq.Context.instance().socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.connect(self.control)
            socket.send(json.dumps({"op": op}).encode())
            if not socket.poll(int(timeout * 1000)):
                raise TimeoutError(f"{self.name} does not answer:\n{self.log[-2000:]}")
            return json.loads(socket.recv())

    def wait_until_ready(self, timeout=60):
        self.ask("status", timeout)


class Stage:
    """A cluster, whose processes and files go with it."""

    def __init__(self, skipd, servers=3, lease="2s", interval="1s", seed=0):
        self.folder = tempfile.mkdtemp(prefix="skipd-c-", dir="/tmp")
        self.skipd, self.lease, self.interval = skipd, lease, interval
        self.replicas = servers
        self.daemons = {}
        self.listen = "0.0.0.0" if os.environ.get("SKIPD_NAMESPACE") == "own" else "127.0.0.1"
        routes = [free_port() for _ in range(servers)]
        self.servers = [Server(f"{self.folder}/n{each}", each, routes, self.listen) for each in range(servers)]
        for each in self.servers:
            each.wait_until_healthy()
        self.client = Client([each.port for each in self.servers])
        # A meta leader has to be there before skipd asks for streams.
        for _ in range(100):
            if "streams" in self.client.api("INFO"):
                break
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in [*self.daemons.values(), *self.servers]:
            if each.process.poll() is None:
                each.signal(signal.SIGCONT)
            each.kill()
        if not os.environ.get("SKIPD_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def section(self, role, name, host="127.0.0.1"):
        urls = ", ".join(f'"nats://{host}:{each.port}"' for each in self.servers)
        return f'[cluster]\nrole = "{role}"\nname = "{name}"\nservers = [{urls}]\nreplicas = {self.replicas}\nlease = "{self.lease}"\n'

    def gateway(self, name):
        self.daemons[name] = Daemon(f"{self.folder}/{name}", self.skipd, name, self.section("gateway", name))
        self.daemons[name].wait_until_ready()
        return self.daemons[name]

    def worker(self, name, match="watch/**"):
        self.daemons[name] = Daemon(f"{self.folder}/{name}", self.skipd, name, self.section("worker", name), self.interval, match=match)
        self.daemons[name].wait_until_ready()
        return self.daemons[name]

    def far_worker(self, name, number):
        """A worker in a network namespace of its own, with one link to ours."""
        folder, ours = f"{self.folder}/{name}", f"10.231.{number}.1"
        # It waits with its start until the link is there.
        prefix = ["unshare", "--net", "sh", "-c", 'until [ -e "$0" ]; do sleep 0.05; done; exec "$@"', folder + "/linked"]
        daemon = Daemon(folder, self.skipd, name, self.section("worker", name, ours), self.interval, prefix=prefix)
        daemon.link, daemon.address = f"skv{number}", (ours, f"10.231.{number}.2")
        self.daemons[name] = daemon
        self.link_up(daemon)
        return daemon

    def link_up(self, daemon):
        pid, (ours, theirs) = str(daemon.process.pid), daemon.address
        here = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{pid}/ns/net") == here:
            time.sleep(0.01)
        run = lambda *command: subprocess.run(command, check=True)
        run("ip", "link", "add", daemon.link, "type", "veth", "peer", "name", "up0", "netns", pid)
        run("ip", "addr", "add", f"{ours}/24", "dev", daemon.link)
        run("ip", "link", "set", daemon.link, "up")
        for command in (["addr", "add", f"{theirs}/24", "dev", "up0"], ["link", "set", "up0", "up"], ["link", "set", "lo", "up"]):
            run("nsenter", "-t", pid, "-n", "ip", *command)
        open(daemon.folder + "/linked", "w").close()

    def restart(self, daemon):
        """Starts a killed one anew, and returns when it answers."""
        if hasattr(daemon, "link"):
            os.remove(daemon.folder + "/linked")
        daemon.start()
        if hasattr(daemon, "link"):
            subprocess.run(["ip", "link", "del", daemon.link], capture_output=True)
            self.link_up(daemon)

    def shards(self):
        """Who owns how many shards, as the bucket says; both of the forms that its values have had."""
        owners = {}
        for _, _, headers, payload, _ in self.client.messages("KV_skipd-shards", deliver_policy="last_per_subject"):
            owner = headers.get("Skipd-Owner")
            if owner is None:
                try:
                    owner = json.loads(payload).get("owner", "?")
                except ValueError:
                    owner = "?"
            owners[owner] = owners.get(owner, 0) + 1
        return owners

    def wait_for_owners(self, names, timeout=60, shards=1024):
        deadline = time.monotonic() + timeout
        while True:
            owners = self.shards()
            if set(owners) == set(names) and sum(owners.values()) == shards:
                return owners
            if time.monotonic() > deadline:
                raise TimeoutError(f"the shards are {owners}, and were to be {sorted(names)}'s")
            time.sleep(0.1)


    def describe(self):
        """What servers and daemons say of themselves, for whoever looks for the cause of a failure."""
        lines = []
        for server in self.servers:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{server.monitor}/jsz?streams=true&consumers=true", timeout=2) as answer:
                    about = json.load(answer)
            except (OSError, ValueError) as error:
                lines.append(f"{server.name}: {error}")
                continue
            for account in about.get("account_details", []):
                for stream in account.get("stream_detail", []):
                    state, cluster = stream["state"], stream.get("cluster", {})
                    replicas = ", ".join(f"{each['name']} {'current' if each.get('current') else 'behind'} lag {each.get('lag', 0)}" for each in cluster.get("replicas") or [])
                    lines.append(f"{server.name}: {stream['name']} {state['messages']} messages, last {state['last_seq']}, leader {cluster.get('leader')}; {replicas}")
                    for each in stream.get("consumer_detail") or []:
                        lines.append(f"    consumer {each['name']} at {each['delivered']['stream_seq']}, pending {each['num_pending']}, waiting {each['num_waiting']}, leader {(each.get('cluster') or {}).get('leader')}")
        for daemon in self.daemons.values():
            try:
                lines.append(f"{daemon.name}: {json.dumps(daemon.ask('status').get('cluster'))}")
            except (TimeoutError, ValueError) as error:
                lines.append(f"{daemon.name}: {str(error).splitlines()[0]}")
        return "\n".join(lines)


class Recordings:
    """The bundled recordings as endless streams of messages."""

    def __init__(self, timesteps=10):
        with open(ROOT + "/etc/skipd/recordings/watch-seven.safetensors", "rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            about = json.loads(file.read(size))
            data = file.read()
        arrays = {}
        kinds = {"F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2", "F16": "<f2", "U8": "u1"}
        for name, each in about.items():
            if name != "__metadata__":
                start, end = each["data_offsets"]
                arrays[name] = numpy.frombuffer(data[start:end], kinds[each["dtype"]]).reshape(each["shape"])
        values = next(each for each in arrays.values() if each.ndim == 2 and each.dtype == numpy.float32)
        self.count = timesteps
        self.parts = [values[at:at + timesteps].tobytes() for at in range(0, len(values) - timesteps, timesteps)]

    def message(self, stream, number):
        """The stream's message with a number, in the one-frame form without the name: header and payload."""
        seq = number * self.count
        header = struct.pack("<2sBBBBHQqII", b"SK", 1, 12, 0, 0, self.count, seq, EPOCH + seq * INTERVAL, 1, 0)
        return header + self.parts[(stream * 37 + number) % len(self.parts)]


class Devices(threading.Thread):
    """Devices that push to gateways, each stream to one, at a rate of messages a second."""

    def __init__(self, gateways, streams, rate, recordings, limit=None):
        super().__init__(daemon=True)
        self.endpoints, self.streams, self.rate, self.recordings, self.limit = [each.ingest for each in gateways], streams, rate, recordings, limit
        self.sent, self.skipped, self.stopping = 0, 0, False

    def run(self):
        sockets = []
        for endpoint in self.endpoints:
            socket = zmq.Context.instance().socket(zmq.PUSH)
            socket.linger = 10_000
            socket.connect(endpoint)
            sockets.append(socket)
        numbers = [0] * self.streams
        begun = time.monotonic()
        while not self.stopping and (self.limit is None or min(numbers) < self.limit):
            for stream in range(self.streams):
                socket = sockets[stream % len(sockets)]
                message = f"watch/{stream}".encode() + b"\0" + self.recordings.message(stream, numbers[stream])
                if self.limit is not None:
                    socket.send(message)
                elif not socket.poll(20, zmq.POLLOUT):
                    self.skipped += 1  # That gateway is down, or takes no more: what isn't sent is a gap.
                else:
                    socket.send(message)
                numbers[stream] += 1
                self.sent += 1
            ahead = self.sent / self.rate - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
            elif ahead < -1:
                begun -= ahead + 1
        for socket in sockets:
            socket.close()

    def stop(self):
        self.stopping = True
        self.join()


def name_of(subject, skip):
    """The stream of a subject, whose first tokens are not the name's."""
    return subjects.name(subject.split(".", skip)[skip])


def oracle(skipd, folder, samples, match="watch/**"):
    """One undisturbed skipd's results of samples as JetStream has them, in its order: {stream: [body]}."""
    daemon = Daemon(folder, skipd, "oracle", match=match)
    results = {}
    try:
        daemon.wait_until_ready()
        context = zmq.Context.instance()
        with context.socket(zmq.PUSH) as push, context.socket(zmq.SUB) as sub:
            sub.rcvhwm = 0
            sub.connect(daemon.results)
            sub.subscribe(b"result/")
            push.sndhwm = 0
            push.connect(daemon.ingest)
            while daemon.ask("status")["subscriptions"] != 1:
                time.sleep(0.01)
            for start in range(0, len(samples), 200):
                # So few at a time that no queue of results overflows.
                for subject, _, headers, payload, _ in samples[start:start + 200]:
                    name, length = name_of(subject, 2), headers.get("Skipd-Header")
                    if length is None:
                        push.send_multipart([name, payload])
                    else:
                        push.send_multipart([name, payload[:int(length)], payload[int(length):]])
                while True:
                    status = daemon.ask("status")
                    if status["messages"] >= min(start + 200, len(samples)):
                        break
                expected = status["results"]
                while sum(map(len, results.values())) < expected:
                    if not sub.poll(10_000):
                        raise TimeoutError("the oracle's results don't come")
                    topic, body = sub.recv_multipart()
                    results.setdefault(topic[len(b"result/"):], []).append(body)
    finally:
        daemon.kill()
    return results


def differences(found, expected):
    """What is wrong with results {stream: [body]}: sentences, none if they are those expected."""
    problems = []
    for stream in sorted(set(found) | set(expected)):
        have, want = found.get(stream, []), expected.get(stream, [])
        if have == want:
            continue
        numbers = [json.loads(each)["n"] for each in have]
        at = next((index for index, (a, b) in enumerate(zip(have, want)) if a != b), min(len(have), len(want)))
        doubled = sorted({each for each in numbers if numbers.count(each) > 1})[:3]
        problems.append(f"{stream.decode()}: {len(have)} results where {len(want)} were to be, different from the {at + 1}th on" + (f", n = {doubled} more than once" if doubled else "")
                        + f": {have[at].decode() if at < len(have) else 'none'} in place of {want[at].decode() if at < len(want) else 'none'}")
    return problems


def check(stage, patience=120, match="watch/**", clean=lambda body: body):
    """Waits until the results are complete, and compares them with the oracle's. Returns (samples, results, problems)."""
    # What gateways hold comes a little later.
    count, since = -1, time.monotonic()
    while time.monotonic() - since < 5:
        now = stage.client.count("skipd-samples")
        if now != count:
            count, since = now, time.monotonic()
        time.sleep(0.2)
    samples = stage.client.messages("skipd-samples")
    expected = oracle(stage.skipd, f"{stage.folder}/oracle", samples, match)
    total = sum(map(len, expected.values()))
    deadline = time.monotonic() + patience
    while stage.client.count("skipd-results") < total and time.monotonic() < deadline:
        time.sleep(0.2)
    # One too many would come a little later.
    time.sleep(1)
    found = {}
    for subject, _, _, payload, _ in stage.client.messages("skipd-results"):
        found.setdefault(name_of(subject, 1), []).append(payload)
    found, expected = ({stream: [clean(each) for each in bodies] for stream, bodies in results.items()} for results in (found, expected))
    return len(samples), sum(map(len, found.values())), differences(found, expected)


def program_path():
    """The skipd to test: $SKIPD, else the one built beside."""
    path = os.environ.get("SKIPD") or f"{ROOT}/.build/release/skipd"
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not there; build it with: swift build -c release --product skipd")
    if not NATS_SERVER:
        sys.exit("nats-server is not installed; Debian has it: apt-get install nats-server")
    return path
