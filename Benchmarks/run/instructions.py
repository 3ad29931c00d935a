"""Counts the instructions of a skipped and of an updated message with callgrind, and fails where they have grown by more than 5 %.

    python3 instructions.py [--write]

Counts are repeatable where seconds are not: the same program executes the same instructions whatever else the machine does. Valgrind knows no AVX-512, so the kernels are those of AVX2; a
processor without them counts those of SSE2. The same work is counted with two numbers of messages: the difference is the messages' own, without start and admission."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

benchmarks = pathlib.Path(__file__).resolve().parent.parent
committed = benchmarks / "instructions.json"
few, many = 4_096, 36_864
growth_allowed = 0.05


def count(program, kind, variant, messages):
    """Instructions of the whole program; None where the processor has no such kernels."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, kind, variant, str(messages)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "SWIFT_DETERMINISTIC_HASHING": "1"})
    if done.returncode == 2:
        return None
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise SystemExit(f"callgrind failed:\n{done.stderr}")
    return int(found.group(1))


def measured(program):
    for variant in ("avx2", "sse2"):
        counts = {}
        for kind in ("skipped", "update"):
            first = count(program, kind, variant, few)
            if first is None:
                break
            counts[kind] = round((count(program, kind, variant, many) - first) / (many - few), 1)
        else:
            return variant, counts
    raise SystemExit("this processor has neither AVX2 nor SSE2")


with tempfile.TemporaryDirectory() as directory:
    # Without its debugging information, which Debian 12's valgrind can't read.
    stripped = pathlib.Path(directory) / "workload"
    subprocess.run(["strip", "--strip-debug", "-o", stripped, benchmarks / ".build/release/workload"], check=True)
    variant, counts = measured(stripped)
known = json.loads(committed.read_text()) if committed.exists() else {}
if "--write" in sys.argv:
    known[variant] = counts
    committed.write_text(json.dumps(known, indent=4, sort_keys=True) + "\n")
if variant not in known:
    raise SystemExit(f"Benchmarks/instructions.json has no counts for {variant}; `python3 Benchmarks/run/instructions.py --write` adds them")
grown = False
for kind, instructions in counts.items():
    before = known[variant][kind]
    change = instructions / before - 1
    grown |= change > growth_allowed
    print(f"{kind}, {variant} kernels: {instructions:,.1f} instructions a message, {before:,.1f} committed, {change:+.1%}")
if grown:
    raise SystemExit("More than 5 % more instructions than committed. If that is worth it, `python3 Benchmarks/run/instructions.py --write` commits to the new counts.")
