"""Starts and stops what is measured: skipd, its peers, and the programs at the other ends."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

benchmarks = pathlib.Path(__file__).resolve().parent.parent
bin_directory = benchmarks / ".build" / "release"
peers_python = benchmarks / ".build" / "peers" / "bin" / "python"


def free_endpoint():
    """An endpoint of loopback that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def lines(program, *arguments, environment={}):
    """Runs one of our programs to its end; the JSON objects that it prints."""
    done = subprocess.run([bin_directory / program, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment)
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines_together(*commands):
    """Runs several of our programs at the same time, each to its end; the first JSON object that each prints."""
    begun = [subprocess.Popen([bin_directory / name, *map(str, arguments)], stdout=subprocess.PIPE, text=True) for name, *arguments in commands]
    return [json.loads(process.communicate()[0].splitlines()[0]) for process in begun]


def peer_lines(script, *arguments):
    """The same for a peer in Python."""
    command = [peers_python, benchmarks / "peers" / script, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def running(command, **options):
    """A process that is ended on leaving."""
    process = subprocess.Popen([str(part) for part in command], **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def program(name, *arguments, environment={}):
    with running([bin_directory / name, *arguments], env=os.environ | environment) as process:
        yield process


@contextlib.contextmanager
def service(engine, model, samples, results, mode):
    """The script with pyzmq and an engine, ready."""
    command = [peers_python, benchmarks / "peers" / "service.py", engine, model, samples, results, mode]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the {engine} script did not start")
        yield process


@contextlib.contextmanager
def skipd(skipd_path, model, samples, results, emit="update", extra=""):
    """A skipd that runs every stream through one model, listening; the process, with its `control` endpoint."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "skipd.toml").write_text(f"""
[ingest]
bind = ["{samples}"]
[results]
bind = ["{results}"]
[control]
bind = "ipc://{path}/control.sock"
[http]
listen = ""
[state]
directory = ""
[[model]]
name = "made"
path = "{model}"
[[route]]
match = "**"
model = "made"
emit = "{emit}"
{extra}
""")
        with running([skipd_path, "--config", path / "skipd.toml"], stderr=subprocess.DEVNULL) as process:
            host, port = samples.removeprefix("tcp://").split(":")
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex((host, int(port))) == 0:
                        break
                time.sleep(0.05)
                if process.poll() is not None:
                    raise SystemExit("skipd did not start")
            process.control = f"ipc://{path}/control.sock"
            yield process


def cpu_seconds(pid):
    """CPU time of all of a process's threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total * 1e-9


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
