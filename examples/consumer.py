#!/usr/bin/env python3
"""Follows skipd's results, and notices those it missed.

    consumer.py [PREFIX [ENDPOINT [RESULTS]]]
"""
import json
import sys

import zmq

prefix = sys.argv[1] if len(sys.argv) > 1 else ""
endpoint = sys.argv[2] if len(sys.argv) > 2 else "tcp://127.0.0.1:5571"
wanted = int(sys.argv[3]) if len(sys.argv) > 3 else None

socket = zmq.Context().socket(zmq.SUB)
socket.connect(endpoint)
socket.subscribe("result/" + prefix)

last = {}  # each stream's number of results so far
seen = 0
while wanted is None or seen < wanted:
    topic, body = socket.recv_multipart()
    result = json.loads(body)
    stream, n = result["stream"], result["n"]
    missed = n - last.get(stream, n - 1) - 1
    if missed > 0:  # ZeroMQ drops for a subscriber that doesn't keep up
        print(f"{stream}: {missed} results missed", file=sys.stderr)
    last[stream] = n
    read = result["updates"] / result["timesteps"]
    print(f"{stream}  {result['label']} {result['p']:.2f}  {read:.0%} of {result['timesteps']} timesteps read", flush=True)
    seen += 1
socket.close()
