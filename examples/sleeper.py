#!/usr/bin/env python3
"""A device that sleeps: sends nothing that skipd's hints say won't be read. Its route needs hints = true.

    sleeper.py [STREAM [ENDPOINT [RESULTS [TIMESTEPS]]]]
"""
import json
import math
import struct
import sys
import time

import zmq

stream = sys.argv[1] if len(sys.argv) > 1 else "watch/sleeper-py"
endpoint = sys.argv[2] if len(sys.argv) > 2 else "tcp://127.0.0.1:5570"
results = sys.argv[3] if len(sys.argv) > 3 else "tcp://127.0.0.1:5571"
timesteps = int(sys.argv[4]) if len(sys.argv) > 4 else 500

context = zmq.Context()
hints = context.socket(zmq.SUB)
hints.connect(results)
hints.subscribe("hint/" + stream)
device = context.socket(zmq.XPUB)
device.connect(endpoint)
device.recv()  # skipd has subscribed

boot = int(time.time()) & 0xFFFFFFFF  # tells skipd that the device has begun anew; hints carry it
start = time.monotonic()
wake = 0  # no timestep before it will be read
sent = 0


def send(seq, values):
    flags = 8 | 4  # the header's seq and ts are set
    count = 1 if values else 0
    header = struct.pack("<2sBBBBHQqII", b"SK", 1, flags, 0, 0, count, seq, time.time_ns(), boot, 0)
    device.send(stream.encode() + b"\0" + header + struct.pack(f"<{len(values)}f", *values))


seq = 0
while seq < timesteps:
    send(seq, [math.sin(0.2 * seq + channel) for channel in range(6)])
    sent += 1
    seq += 1
    # The sensor, the radio and this program could be off until then. A hint that is lost costs a message, no more.
    while hints.poll(max(0, 1000 * (start + seq / 50 - time.monotonic()))):
        topic, body = hints.recv_multipart()
        hint = json.loads(body)
        if hint["stream"] == stream and hint["boot"] == boot:
            wake = hint["next_seq"]
    if wake > seq:
        seq = min(wake, timesteps)
        time.sleep(max(0, start + seq / 50 - time.monotonic()))
send(timesteps, [])  # no timestep, only: time has come so far
print(f"{timesteps - sent} of {timesteps} timesteps never sent")
device.close()  # waits until everything has left
