"""Times steps: python steps.py ENGINE ROUNDS; prints a JSON object for each size and batch."""

import json
import sys
import time

import numpy as np

from engines import engines, made

engine_name, rounds = sys.argv[1], int(sys.argv[2])
for hidden in (48, 110, 128):
    engine = engines[engine_name](made(hidden))
    for batch in (1, 64):
        x = engine.input(np.random.default_rng(1).uniform(-1, 1, (batch, 6)).astype(np.float32))
        h = engine.zero_state(batch, hidden)
        best, repeats = float("inf"), 20 if batch == 1 else 5
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(repeats):
                h = engine.step(x, h)[0]
            best = min(best, (time.perf_counter() - start) / repeats / batch)
        print(json.dumps({"what": "peer", "engine": engine_name, "version": engine.version, "hidden": hidden, "streams": batch, "ns": best * 1e9}), flush=True)
