"""What a user would otherwise write: pyzmq and an inference engine, a state per stream.

    python service.py ENGINE MODEL SAMPLES RESULTS every|skip

`every` computes every timestep; `skip` counts skipped timesteps as skipd does, so that only those due are computed."""

import json
import sys

import numpy as np
import zmq
from safetensors.numpy import load_file

from engines import engines

engine_name, model, samples_endpoint, results_endpoint, mode = sys.argv[1:]
weights = load_file(model)
engine = engines[engine_name](weights)
hidden = weights["rnn.weight_hh_l0"].shape[1]
skips = mode == "skip"


class Stream:
    def __init__(self):
        self.state = engine.zero_state(1, hidden)
        self.increment, self.cumulative, self.timesteps = np.float32(1), np.float32(0), 0


context = zmq.Context()
samples = context.socket(zmq.SUB)
samples.subscribe(b"")
samples.bind(samples_endpoint)
results = context.socket(zmq.PUB)
results.bind(results_endpoint)
print("ready", flush=True)

streams = {}
while True:
    name, rest = samples.recv().split(b"\0", 1)
    stream = streams.get(name)
    if stream is None:
        stream = streams[name] = Stream()
    stream.timesteps += 1
    if skips:
        stream.cumulative = min(stream.cumulative + stream.increment, np.float32(1))
        if stream.cumulative <= 0.5:
            continue
        stream.cumulative = np.float32(0)
    x = np.frombuffer(rest, "<f4", offset=32).reshape(1, -1)
    stream.state, p, increment = engine.step(engine.input(x), stream.state)
    stream.increment = np.float32(increment[0, 0])
    label = int(p[0].argmax())
    result = {"stream": name.decode(), "seq": stream.timesteps - 1, "label": f"class {label}", "index": label, "p": float(p[0, label])}
    results.send_multipart([b"result/" + name, json.dumps(result).encode()])
