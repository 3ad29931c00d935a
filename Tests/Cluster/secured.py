"""A cluster whose server asks for TLS with certificates on both sides and for credentials: gateway, worker and skipctl get in with theirs, and nobody without.

Takes $SKIPCTL for the tool, the one beside skipd by default.
"""
import base64, datetime, hashlib, ipaddress, json, os, subprocess, sys, time

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.x509.oid import NameOID
except ImportError as error:
    print(f"{error}; Debian has it in python3-cryptography")
    sys.exit(1 if "CI" in os.environ else 0)

from stage import Devices, Recordings, Stage, program_path

PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3


def crc16(data):
    """CRC-16/XMODEM, which ends each nkey."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def nkey(raw):
    return base64.b32encode(raw + crc16(raw).to_bytes(2, "little")).decode().rstrip("=")


class Key:
    """An nkey: an Ed25519 key whose text says what it is of (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth)."""

    def __init__(self, kind):
        self.kind, self.key = kind, ed25519.Ed25519PrivateKey.generate()
        raw = serialization.Encoding.Raw
        self.public = nkey(bytes([PREFIXES[kind]]) + self.key.public_key().public_bytes(raw, serialization.PublicFormat.Raw))
        secret = self.key.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        self.seed = nkey(bytes([SEED | PREFIXES[kind] >> 5, (PREFIXES[kind] & 31) << 3]) + secret)

    def sign(self, subject, name, claims):
        """A JWT about another key."""
        body = {"iat": int(time.time()), "iss": self.public, "name": name, "sub": subject.public, "nats": {**claims, "type": subject.kind, "version": 2}}
        body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
        encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
        text = encode(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode()) + b"." + encode(json.dumps(body).encode())
        return (text + b"." + encode(self.key.sign(text))).decode()


def credentials(path, account, name):
    user = Key("user")
    token = account.sign(user, name, {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1})
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")
    return path


class Authority:
    """One that certificates are from."""

    def __init__(self, folder, name):
        self.folder, self.name, self.key = folder, name, ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.sign(self.key.public_key(), name, True)
        self.path = self.write(name, self.certificate.public_bytes(serialization.Encoding.PEM))

    def write(self, name, data):
        path = f"{self.folder}/{name}.pem"
        with open(path, "wb") as file:
            file.write(data)
        return path

    def sign(self, public, name, is_authority=False):
        now = datetime.datetime.utcnow()
        title = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        return (x509.CertificateBuilder().subject_name(title(name)).issuer_name(title(self.name)).public_key(public).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
                .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
                .sign(self.key, hashes.SHA256()))

    def issue(self, name):
        """Paths of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self.write(name, self.sign(key.public_key(), name).public_bytes(serialization.Encoding.PEM)), self.write(name + "-key", secret)


class Secured(Stage):
    """One server that lets nobody in without a certificate and credentials."""

    def __init__(self, skipd):
        super().__init__(skipd, servers=1)
        self.authority, operator, self.account = Authority(self.folder, "authority"), Key("operator"), Key("account")
        limits = {name: -1 for name in ["subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage", "disk_storage", "streams", "consumer"]}
        # JetStream wants an account for the servers' own use.
        system, accounts = Key("account"), {}
        for key in [self.account, system]:
            more = limits if key is self.account else {name: -1 for name in ["subs", "data", "payload", "imports", "exports", "conn", "leaf"]}
            accounts[key.public] = operator.sign(key, "account", {"limits": {**more, "wildcards": True}, "default_permissions": {"pub": {}, "sub": {}}})
        certificate, key = self.authority.issue("server")
        server = self.servers[0]
        server.kill()
        with open(server.folder + "/server.conf", "a") as file:
            file.write(f"""tls {{ cert_file: "{certificate}", key_file: "{key}", ca_file: "{self.authority.path}", verify: true }}
operator: {operator.sign(operator, "skipd", {})}
system_account: {system.public}
resolver: MEMORY
resolver_preload: {{ {", ".join(f"{name}: {token}" for name, token in accounts.items())} }}
""")
        server.start()
        server.wait_until_healthy()
        self.credentials = credentials(self.folder + "/good.creds", self.account, "skipd")
        self.certificate, self.key = self.authority.issue("skipd")

    def section(self, role, name, **other):
        files = {"credentials": self.credentials, "ca": self.authority.path, "certificate": self.certificate, "key": self.key, **other}
        lines = "".join(f'{key} = "{value}"\n' for key, value in files.items() if value)
        return f'[cluster]\nrole = "{role}"\nname = "{name}"\nservers = ["tls://127.0.0.1:{self.servers[0].port}"]\nreplicas = 1\nlease = "2s"\n{lines}'


def refusal(stage, **other):
    """What a worker says that isn't let in; fails where it is."""
    path = stage.folder + "/refused.toml"
    with open(path, "w") as file:
        file.write(f'[ingest]\nbind = ["ipc://{stage.folder}/i"]\n[results]\nbind = ["ipc://{stage.folder}/r"]\n[control]\nbind = "ipc://{stage.folder}/c"\n[http]\nlisten = ""\n[state]\ndirectory = ""\n'
                   + stage.section("gateway", "refused", **other))
    ended = subprocess.run([stage.skipd, "--config", path], capture_output=True, text=True, timeout=60)
    lines = [line for line in (ended.stdout + ended.stderr).splitlines() if "can't connect to NATS" in line]
    assert ended.returncode == 1 and len(lines) == 1, (other, ended)
    return lines[0]


def main():
    skipd = program_path()
    skipctl = os.environ.get("SKIPCTL") or os.path.join(os.path.dirname(skipd), "skipctl")
    with Secured(skipd) as stage:
        gateway, worker = stage.gateway("g"), stage.worker("w")
        tool = lambda *arguments: subprocess.run([skipctl, *arguments, "--config", worker.folder + "/skipd.toml"], capture_output=True, text=True, timeout=60)
        # All shards are the worker's, after a moment.
        for _ in range(300):
            status = tool("status", "--cluster", "--json")
            about = json.loads(status.stdout) if status.returncode == 0 else {}
            if about.get("shards") == {"w": 1024}:
                break
            time.sleep(0.1)
        assert about["workers"] == ["w"] and about["shards"] == {"w": 1024}, status
        plain = tool("status", "--cluster").stdout
        assert "samples:" in plain and "lives" in plain, plain

        tail = subprocess.Popen([skipctl, "tail", "--nats", "--count", "40", "--json", "--wait", "60s", "--config", worker.folder + "/skipd.toml"], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        devices = Devices([gateway], 4, 1e9, Recordings(), limit=60)
        devices.start()
        results = [json.loads(line) for line in tail.communicate(timeout=90)[0].splitlines()]
        assert tail.returncode == 0 and len(results) == 40 and {each["stream"] for each in results} <= {f"watch/{each}" for each in range(4)}, results

        one = tool("shards", "438", "--json")
        assert one.returncode == 0 and json.loads(one.stdout)["owner"] == "w" and json.loads(one.stdout)["shard"] == 438, one
        nobody = tool("shards", "--owner", "nobody")
        assert nobody.returncode == 2 and nobody.stdout == "", nobody

        stranger = Authority(stage.folder, "stranger")
        foreign, foreign_key = stranger.issue("foreign")
        for files, reason in [
            ({"credentials": ""}, "Authorization Violation: the server knows no such user, look at the credentials"),
            ({"credentials": credentials(stage.folder + "/bad.creds", Key("account"), "stranger")}, "Authorization Violation: the server knows no such user, look at the credentials"),
            ({"ca": stranger.path}, "the server's certificate is not from who the ca file says"),
            ({"certificate": "", "key": ""}, "if it asks for certificates, look at the certificate and its key"),
            ({"certificate": foreign, "key": foreign_key}, "if it asks for certificates, look at the certificate and its key"),
            ({"credentials": stage.folder + "/none.creds"}, "No such file or directory"),
        ]:
            line = refusal(stage, **files)
            assert reason in line and "(conn.c" not in line, (files, line)
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
