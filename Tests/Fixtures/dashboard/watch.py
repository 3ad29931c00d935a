"""Looks at a running skipd's dashboard in a real browser while real traffic runs, and complains about what is not as it should be.

    watch.py http://127.0.0.1:9470 tcp://INGEST [FOLDER]

Traffic: the bundled recordings at twice their speed as several streams, one of them with a name that would be markup, one that leaves out
messages. With a folder, pictures of what was seen are left there.
"""
import json
import struct
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import numpy
import zmq

from chromium import Page

ROOT = Path(__file__).resolve().parents[3]
# Strange names begin with a z: they come last in the table, and pictures show its beginning.
HOSTILE = "watch/z<img src=x onerror=\"document.title='owned'\">"
STREAMS = ["watch/anna/left", "watch/anna/right", "watch/ben/left", "watch/ben/right", "watch/carla/left", "watch/carla/right", "watch/dan/left",
           "watch/lossy", "watch/z\"'&\u202etxt", HOSTILE]


def recordings():
    """The bundled recordings: a list of arrays (T, F), read without a library."""
    data = (ROOT / "etc/skipd/recordings/watch-seven.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])

    def tensor(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        kind = {"F32": "<f4", "I64": "<i8"}[entry["dtype"]]
        return numpy.frombuffer(data[8 + length + begin:8 + length + end], kind).reshape(entry["shape"])

    return numpy.split(tensor("samples"), numpy.cumsum(tensor("lengths"))[:-1])


def traffic(endpoint, stopped):
    """Plays recordings into skipd, each stream another one."""
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.linger = 0
    socket.connect(endpoint)
    played = recordings()
    start = time.monotonic()
    seq = 0
    while not stopped.is_set():
        for place, name in enumerate(STREAMS):
            # One begins after the other, so that not all sequences begin together.
            if seq < 20 * place or name == "watch/lossy" and seq // 25 % 4 == 3:
                continue
            samples = played[place % len(played)]
            header = struct.pack("<2sBBBBHQqII", b"SK", 1, 8, 0, 0, 1, seq, 0, 7, 0)
            socket.send(name.encode() + b"\0" + header + samples[seq % len(samples)].tobytes())
        seq += 1
        time.sleep(max(0, start + seq / 100 - time.monotonic()))
    socket.close()


def eventually(page, script, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = page.run(script)
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}; the page says:\n{page.run('document.body.innerText')}")


def look(url, dark, folder):
    page = Page(dark=dark)
    theme = "dark" if dark else "light"
    try:
        page.go(url + "/")
        eventually(page, f"document.querySelectorAll('#streams tbody tr').length === {len(STREAMS)}", "a row for each stream")
        eventually(page, "document.querySelector('#link').textContent === 'live'", "the connection")
        eventually(page, "/^\\d.* %$/.test(document.querySelector('#update-rate').textContent)", "an update rate")
        eventually(page, "/lost/.test(document.querySelector('#fate-keys').innerText)", "lost timesteps")
        names = page.run("[...document.querySelectorAll('#streams td:first-child')].map(cell => cell.textContent)")
        assert sorted(names) == sorted(STREAMS), names
        background = page.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(", "))) < 200) == dark, background
        if folder:
            time.sleep(25)
            page.picture(f"{folder}/dashboard-{theme}.png")

        # The table is searched by the daemon.
        page.run("document.querySelector('#search').value = 'ANNA'; document.querySelector('#search').dispatchEvent(new Event('input'))")
        eventually(page, "document.querySelectorAll('#streams tbody tr').length === 2", "the two streams found")
        page.run("document.querySelector('#search').value = 'nobody'; document.querySelector('#search').dispatchEvent(new Event('input'))")
        eventually(page, "document.querySelector('#no-streams').innerText.includes('nobody')", "a word about nothing being found")

        # A name that is markup is text, in the table and on its own page.
        page.go(url + "/#/stream/" + quote(HOSTILE, safe=""))
        eventually(page, f"stream && stream.data.name === {json.dumps(HOSTILE)}", "the stream with the hostile name")
        assert page.run("document.querySelector('#stream-name').textContent") == HOSTILE
        assert page.run("document.querySelectorAll('main img').length") == 0
        assert "owned" not in page.run("document.title").split(" – ")[1:]

        # One stream: its reads and labels come in.
        page.go(url + "/#/stream/watch%2Flossy")
        eventually(page, "document.querySelectorAll('#reads tbody tr').length === 8", "eight reads")
        eventually(page, "/read/.test(document.querySelector('#s-sequence').textContent)", "the sequence")
        eventually(page, "stream && stream.cells.some(cell => cell.kind === Mark.lost) && stream.cells.some(cell => cell.kind === Mark.read)", "reads and a loss in the timeline")
        wrong = page.run("""stream.cells.filter((cell, i) => i > 0 && cell.kind === Mark.read && stream.cells[i - 1].kind !== Mark.lost
            && isFinite(cell.before) && !cell.start && !(cell.before > 0.5)).length""")
        assert wrong == 0, f"{wrong} timesteps were read though their accumulated update probability is not above one half"
        early = page.run("stream.cells.filter(cell => cell.kind === 0 && isFinite(cell.before) && cell.before > 0.5).length")
        assert early == 0, f"{early} timesteps were skipped though their accumulated update probability is above one half"
        if folder:
            page.go(url + "/#/stream/watch%2Fanna%2Fleft")
            time.sleep(8)
            page.picture(f"{folder}/stream-{theme}.png")
        page.go(url + "/#/stream/nobody")
        eventually(page, "document.querySelector('#gone').innerText.includes('does not know')", "a word about an unknown stream")

        foreign = [request for request in page.requests if not request.startswith((url, "data:", "about:"))]
        assert not foreign, f"the page asked elsewhere: {foreign}"
        assert not page.complaints, json.dumps(page.complaints, indent=1)
    finally:
        page.close()


def main():
    url, endpoint = sys.argv[1].rstrip("/"), sys.argv[2]
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    stopped = threading.Event()
    player = threading.Thread(target=traffic, args=(endpoint, stopped))
    player.start()
    try:
        for dark in (False, True):
            look(url, dark, folder)
    finally:
        stopped.set()
        player.join()
    print("seen")


main()
