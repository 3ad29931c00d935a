"""Draws docs/images/gate.svg and stretch.svg from real runs of the bundled model on the bundled recordings. Standard library only.

    pictures.py PATH/TO/skipctl [FOLDER]

`make pictures` calls it. What is drawn is what `skipctl replay` says; nothing is made up.
"""
import array
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "etc/skipd/models/watch.safetensors"
RECORDINGS = ROOT / "etc/skipd/recordings/watch-seven.safetensors"
SEQUENCE = 200  # timesteps, as the model was trained

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600 }
  .small { font-size: 11px; fill: #666 }
  .grid { stroke: #ddd; stroke-width: 1 }
  .half { stroke: #c33; stroke-width: 1; stroke-dasharray: 4 3 }
  .sum { stroke: #335; stroke-width: 1.5; fill: none }
  .area { fill: #335; fill-opacity: .12; stroke: none }
  .read { fill: #c33 }
  .readline { stroke: #c33; stroke-opacity: .35; stroke-width: 1 }
  .x { stroke: #2a6f97; fill: none; stroke-width: 1.2 } .y { stroke: #6a994e; fill: none; stroke-width: 1.2 } .z { stroke: #9a6fb0; fill: none; stroke-width: 1.2 }
  .label { fill: #2a6f97; fill-opacity: .18; stroke: #2a6f97; stroke-opacity: .5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .small { fill: #999 } .grid { stroke: #3a3a3a } .half { stroke: #f66 } .sum { stroke: #aac } .area { fill: #aac }
    .read { fill: #f66 } .readline { stroke: #f66 } .x { stroke: #6db3da } .y { stroke: #9ccc7a } .z { stroke: #c9a0dc } .label { fill: #6db3da; stroke: #6db3da }
  }
"""


def tensors(path):
    """A safetensors file: its tensors' values and its metadata."""
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    values = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kind = {"F32": "f", "I64": "q", "U8": "B"}[entry["dtype"]]
        values[name] = array.array(kind, data[8 + length + begin:8 + length + end])
    return values, metadata


def replay(skipctl, *options):
    run = subprocess.run([skipctl, "replay", str(RECORDINGS), "--model", str(MODEL), "--sequence", str(SEQUENCE), *options],
                         check=True, capture_output=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()] if "--json" in options else run.stdout


def document(width, height, body, title):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">\n'
            f"<style>{STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n")


def path(points):
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def gate(skipctl):
    """One sequence: the signal, the accumulated update probability, and what was read."""
    with tempfile.TemporaryDirectory() as folder:
        replay(skipctl, "--trace", f"{folder}/trace")
        trace, _ = tensors(f"{folder}/trace")
    recordings, metadata = tensors(RECORDINGS)
    labels = json.loads(tensors(MODEL)[1]["labels"])
    recording = 3
    start = sum(recordings["lengths"][:recording]) + SEQUENCE
    steps = range(start, start + SEQUENCE)
    left, width = 92, 740
    scale = (width - left - 10) / SEQUENCE
    x = [left + (step - start) * scale for step in steps]
    read = [trace["gate"][step] == 1 for step in steps]
    body = [f'<text class="title" x="{left}" y="18">One sequence of {SEQUENCE} timesteps at 50 Hz: {sum(read)} are read</text>']

    # The accelerometer.
    top, height = 34, 110
    signals = [[recordings["samples"][step * 6 + axis] for step in steps] for axis in range(3)]
    low, high = min(map(min, signals)), max(map(max, signals))
    body.append(f'<text x="4" y="{top + 14}">acceleration</text><text class="small" x="4" y="{top + 30}">x, y, z</text>')
    for at, is_read in zip(x, read):
        if is_read:
            body.append(f'<line class="readline" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + height + 170}"/>')
    for name, signal in zip("xyz", signals):
        body.append(f'<path class="{name}" d="{path((at, top + height - (value - low) / (high - low) * height) for at, value in zip(x, signal))}"/>')

    # The sum before each timestep: what the gate looks at.
    top, height = 166, 90
    # After a timestep the sum is kept without the increment that the next one adds.
    after = [(trace["cumulative_update_probability"][step], trace["update_probability"][step]) for step in steps]
    before = [1.0] + [total + min(increment, 1 - total) for total, increment in after][:-1]
    assert all((value > 0.5) == is_read for value, is_read in zip(before, read)), "the gate reads where the sum is above one half"
    ground = top + height
    body.append(f'<text x="4" y="{top + 14}">ũ, the sum</text>')
    for value, kind in ((0, "grid"), (1, "grid"), (0.5, "half")):
        at = ground - value * height
        body.append(f'<line class="{kind}" x1="{left}" x2="{width - 10}" y1="{at}" y2="{at}"/><text class="small" x="{left - 8}" y="{at + 4}" text-anchor="end">{"½" if value == 0.5 else int(value)}</text>')
    points = [(at, ground - value * height) for at, value in zip(x, before)]
    body.append(f'<path class="area" d="{path([(x[0], ground)] + points + [(x[-1], ground)])}Z"/><path class="sum" d="{path(points)}"/>')

    # What was read.
    top = 284
    body.append(f'<text x="4" y="{top + 4}">read</text>')
    for at, is_read in zip(x, read):
        body.append(f'<circle class="{"read" if is_read else "small"}" cx="{at:.1f}" cy="{top}" r="{2.6 if is_read else 0.7}"/>')

    # The label after each read.
    top, classes = 306, len(labels)
    body.append(f'<text x="4" y="{top + 15}">label</text>')
    named = [max(range(classes), key=lambda c: trace["logits"][step * classes + c]) for step in steps]
    begin = 0
    for index in range(1, SEQUENCE + 1):
        if index == SEQUENCE or named[index] != named[begin]:
            span = (index - begin) * scale
            body.append(f'<rect class="label" x="{x[begin]:.1f}" y="{top}" width="{span:.1f}" height="22"/>')
            if span > 28:
                body.append(f'<text x="{x[begin] + span / 2:.1f}" y="{top + 15}" text-anchor="middle">{labels[named[begin]]}</text>')
            begin = index
    for second in range(5):
        at = left + second * 50 * scale
        body.append(f'<text class="small" x="{at:.1f}" y="348" text-anchor="middle">{second} s</text>')
    truth = json.loads(metadata["labels"])[recordings["labels"][recording]]
    body.append(f'<text class="small" x="{width - 10}" y="364" text-anchor="end">recorded while doing {truth}</text>')
    return document(width, 372, body, "A recorded sequence, the accumulated update probability, the timesteps that are read, and the labels")


def stretch(skipctl):
    """What the route option stretch does to this model."""
    points = []
    for factor in (1, 1.25, 1.5, 2, 3, 4, 6, 8):
        summary = replay(skipctl, "--stretch", str(factor), "--json")[-1]
        points.append((factor, summary["updates"] / summary["timesteps"], summary["accuracy"]))
    left, top, width, height = 60, 40, 520, 220
    most = math.ceil(max(share for _, share, _ in points) * 50) / 50  # the axis ends at an even percentage
    body = [f'<text class="title" x="{left}" y="18">Stretching the bundled model: sequences right, over timesteps read</text>']
    for value in (0, 0.25, 0.5, 0.75, 1):
        at = top + height * (1 - value)
        body.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{at}" y2="{at}"/><text class="small" x="{left - 8}" y="{at + 4}" text-anchor="end">{value:.0%}</text>')
    for percent in range(0, round(100 * most) + 1, 2):
        at = left + percent / 100 / most * width
        body.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + height}"/><text class="small" x="{at:.1f}" y="{top + height + 16}" text-anchor="middle">{percent}%</text>')
    places = [(left + share / most * width, top + height * (1 - accuracy)) for _, share, accuracy in points]
    body.append(f'<path class="sum" d="{path(places)}"/>')
    for (factor, _, _), (px, py) in zip(points, places):
        body.append(f'<circle class="read" cx="{px:.1f}" cy="{py:.1f}" r="4"/><text class="small" x="{px:.1f}" y="{py - 9:.1f}" text-anchor="middle">{factor:g}</text>')
    body.append(f'<text class="small" x="{left + width}" y="{top + height + 34}" text-anchor="end">timesteps read; each point has its stretch above it</text>')
    return document(600, 310, body, "Accuracy over the share of timesteps read, for several values of stretch")


def main():
    skipctl, folder = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parent)
    (folder / "gate.svg").write_text(gate(skipctl), encoding="utf-8")
    (folder / "stretch.svg").write_text(stretch(skipctl), encoding="utf-8")


main()
