#!/usr/bin/env python3
"""A device with six channels at 50 Hz: publishes one timestep a message to skipd.

    device.py [STREAM [ENDPOINT [TIMESTEPS]]]
"""
import math
import struct
import sys
import time

import zmq

stream = sys.argv[1] if len(sys.argv) > 1 else "watch/device-py"
endpoint = sys.argv[2] if len(sys.argv) > 2 else "tcp://127.0.0.1:5570"
timesteps = int(sys.argv[3]) if len(sys.argv) > 3 else 500

socket = zmq.Context().socket(zmq.XPUB)
socket.connect(endpoint)
# skipd has subscribed: nothing sent from here on is lost. A PUB would not know.
socket.recv()

boot = int(time.time()) & 0xFFFFFFFF  # tells skipd that the device has begun anew
for seq in range(timesteps):
    values = [math.sin(0.2 * seq + channel) for channel in range(6)]
    flags = 8 | 4  # the header's seq and ts are set
    header = struct.pack("<2sBBBBHQqII", b"SK", 1, flags, 0, 0, 1, seq, time.time_ns(), boot, 0)
    socket.send(stream.encode() + b"\0" + header + struct.pack("<6f", *values))
    time.sleep(1 / 50)
socket.close()  # waits until everything has left
