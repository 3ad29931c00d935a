"""Holds a running skipd to its budgets: steps in load, and back. Prints what its updates cost second by second, and what became of the promise.

    budget.py SKIPD [--streams STREAMS] [--cpu SHARE] [--only rate|connect|cpu]

Streams play the bundled recordings, each from another place, over tcp. Needs pyzmq (Debian's python3-zmq).
"""
import argparse
import array
import json
import math
import multiprocessing
import pathlib
import random
import struct
import tempfile
import time

import zmq

from processes import benchmarks, cpu_seconds, free_endpoint, skipd

root = benchmarks.parent
# Seconds before the step, at the higher load, and after it.
PHASES = (25, 30, 15)
SETTLING = 10
TOLERANCE = 0.05


def recording_payloads():
    """The timesteps of the bundled recordings, each as a message's payload."""
    data = (root / "etc/skipd/recordings/watch-seven.safetensors").read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    samples = json.loads(data[8:start])["samples"]
    begin, end = samples["data_offsets"]
    size = 4 * samples["shape"][1]
    return [data[start + place : start + place + size] for place in range(begin, end, size)]


def send(endpoint, streams, kind):
    """Sends timesteps on time, four times as many in the middle phase.

    A step of kind `rate`: all streams are there from the start, begun one after the other, and go from 12.5 to 50 Hz and back. One of kind
    `connect`: a quarter of the streams is there from the start, at 50 Hz; the others connect at the same moment, so that their sequences begin
    together from then on.
    """
    socket = zmq.Context().socket(zmq.XPUB)
    socket.sndhwm = 0
    socket.connect(endpoint)
    socket.recv()  # skipd has subscribed
    payloads = recording_payloads()
    header = struct.pack("<2sBBBBHQqII", b"SK", 1, 0, 0, 0, 1, 0, 0, 0, 0)
    heads = [b"s/%d\0" % stream + header for stream in range(streams)]
    places = [random.Random(stream).randrange(len(payloads)) for stream in range(streams)]
    begun, ticks = time.monotonic(), 0
    while True:
        now = ticks / 100
        is_high = PHASES[0] <= now < PHASES[0] + PHASES[1]
        present = streams if kind == "rate" or is_high else streams // 4
        period = 8 if kind == "rate" and not is_high else 2
        # Those of the start begin within as long as a sequence of the bundled model lasts: 200 timesteps.
        begin = 2 * period if now < 2 * period else 0
        for stream in range(ticks % period, present, period):
            if begin and now * present < begin * stream:
                continue
            socket.send(heads[stream] + payloads[places[stream]])
            places[stream] = (places[stream] + 1) % len(payloads)
        ticks += 1
        time.sleep(max(0, begun + ticks / 100 - time.monotonic()))


def large_model(path, hidden=768):
    """A skip GRU with weights by chance, whose updates cost a core a good deal: about every third timestep is read."""
    chance = random.Random(1)

    def tensor(*shape, scale=1.0):
        return shape, array.array("f", (chance.gauss(0, scale) for _ in range(math.prod(shape))))

    tensors = {
        "rnn.weight_ih_l0": tensor(3 * hidden, 6, scale=0.3),
        "rnn.weight_hh_l0": tensor(3 * hidden, hidden, scale=hidden**-0.5),
        "rnn.bias_ih_l0": tensor(3 * hidden, scale=0.1),
        "state_update_gate.weight": tensor(1, hidden, scale=2 * hidden**-0.5),
        "state_update_gate.bias": ((1,), array.array("f", [-1.2])),
        "head.weight": tensor(2, hidden, scale=0.1),
        "head.bias": tensor(2),
    }
    header, data = {"__metadata__": {"format": "skip-model", "version": "1", "cell": "skip_gru", "gru_variant": "reset_after", "task": "classification", "labels": '["a", "b"]'}}, b""
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(values)]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def ask(socket, operation):
    socket.send(json.dumps({"op": operation}).encode())
    return json.loads(socket.recv())


def measure(skipd_path, title, model, budget, streams, kind):
    """One budget: a row a second, then a sentence a phase."""
    samples, results = free_endpoint(), free_endpoint()
    with skipd(skipd_path, model, samples, results, emit="end", extra=f"budget = {budget}") as daemon:
        control = zmq.Context.instance().socket(zmq.REQ)
        control.connect(daemon.control)
        sender = multiprocessing.Process(target=send, args=(samples, streams, kind), daemon=True)
        sender.start()
        loads = f"{streams} streams at 12.5, 50, 12.5 Hz" if kind == "rate" else f"{streams // 4}, {streams}, {streams // 4} streams at 50 Hz"
        print(f"\n{title}, budget = {budget}: {loads}\n")
        print("| second | timesteps/s | updates/s | load | of the budget | stretch | skipd's CPU |\n|---|---|---|---|---|---|---|")
        begun, before, cpu, rows = time.monotonic(), ask(control, "status"), cpu_seconds(daemon.pid), []
        last = begun
        for second in range(1, sum(PHASES) + 1):
            time.sleep(max(0, begun + second - time.monotonic()))
            now, status, cpu_now = time.monotonic(), ask(control, "status"), cpu_seconds(daemon.pid)
            route = ask(control, "routes")["routes"][0]
            passed = {fate: (status["timesteps"][fate] - before["timesteps"][fate]) / (now - last) for fate in ("updated", "skipped")}
            held = route["budget"]
            # Updates are counted by the outside; seconds of a core only skipd knows.
            cost = passed["updated"] if held["kind"] == "updates_per_second" else held["load"]
            rows.append((second, cost / held["limit"], route["stretch"]))
            print(f"| {second} | {sum(passed.values()):,.0f} | {passed['updated']:,.0f} | {held['load']:,.4g} | {100 * cost / held['limit']:.1f} % | {route['stretch']:.2f} | {100 * (cpu_now - cpu) / (now - last):.0f} % |", flush=True)
            last, before, cpu = now, status, cpu_now
        sender.terminate()
        lost, dropped = before["timesteps"]["lost"], sum(before["dropped"].values())
    settled = [cost for second, cost, _ in rows if PHASES[0] + SETTLING < second <= PHASES[0] + PHASES[1]]
    mean = sum(settled) / len(settled)
    inside = sum(abs(cost - 1) <= TOLERANCE for cost in settled)
    print(
        f"\nFrom {SETTLING} s after the step: {100 * mean:.1f} % of the budget on average, seconds between {100 * min(settled):.1f} and {100 * max(settled):.1f} %, "
        f"{inside} of {len(settled)} within ±{100 * TOLERANCE:.0f} %. Stretch {rows[PHASES[0] - 1][2]:.2f} before the step, {rows[PHASES[0] + PHASES[1] - 1][2]:.2f} at its end, "
        f"{rows[-1][2]:.2f} at the end. {lost} timesteps lost, {dropped} messages dropped.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skipd")
    parser.add_argument("--streams", type=int, default=600)
    parser.add_argument("--cpu", type=float, default=0.5, help="the share of a core that the large model's updates may take")
    parser.add_argument("--only", choices=["rate", "connect", "cpu"])
    arguments = parser.parse_args()
    watch = root / "etc/skipd/models/watch.safetensors"
    # Twice what it needs at the lower load, half of what it would at the higher one; it reads 9.6 % of the timesteps.
    updates = f"{{ updates_per_second = {round(arguments.streams * 50 * 0.096 / 2)} }}"
    for kind in ("rate", "connect"):
        if arguments.only in (None, kind):
            measure(arguments.skipd, "The bundled model", watch, updates, arguments.streams, kind)
    if arguments.only in (None, "cpu"):
        with tempfile.TemporaryDirectory() as folder:
            large = pathlib.Path(folder) / "large.safetensors"
            large_model(large)
            measure(arguments.skipd, "A model of 768 hidden units", large, f"{{ cpu = {arguments.cpu} }}", arguments.streams, "rate")


main()
