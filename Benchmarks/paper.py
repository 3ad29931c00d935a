#!/usr/bin/env python3
"""The paper's adding and frequency tasks (its tables 1 and 4), trained one after the other: a row of docs/results.md for each.

    python3 Benchmarks/paper.py [--skipctl .build/release/skipctl] [--seed 1] [BEGINNING-OF-A-NAME …]

One run each, on one thread, so that CPU time is what it took; the paper has means over four. Names: `adding skip_lstm 1e-5`,
`frequency 0.5 gru`, `adding lstm p0.5`. Needs nothing but Python.
"""
import argparse
import json
import resource
import subprocess
import tempfile

# Batches of 64 instead of the paper's 256, and but for Skip LSTMs on frequencies a learning rate of 1e-3 instead of 1e-4, for want of processor time.
COMMON = "--batch 64 --threads 1"
RUNS = {}
for cell in ["gru", "lstm", "skip_gru", "skip_lstm"]:
    for cost in ["0", "1e-5", "1e-4"] if cell.startswith("skip") else ["0"]:
        # λ takes longer to bring the updates down than the task takes to be solved.
        RUNS[f"adding {cell} {cost}"] = f"--task adding --cell {cell} --cost-per-sample {cost} --learning-rate 1e-3 " + ("--epochs 60 --until-solved" if cost == "0" else "--epochs 25")
        for period in ["1", "0.5"]:
            rate = "1e-4" if cell == "skip_lstm" else "1e-3"
            RUNS[f"frequency {period} {cell} {cost}"] = (
                f"--task frequency --sampling-period {period} --cell {cell} --cost-per-sample {cost} --learning-rate {rate} " + ("--epochs 20 --until-solved" if cost == "0" else "--epochs 20"))
for cell, probabilities in [("gru", ["0.02", "0.5"]), ("lstm", ["0.2", "0.5"])]:
    for probability in probabilities:
        RUNS[f"adding {cell} p{probability}"] = f"--task adding --cell {cell} --skip-probability {probability} --learning-rate 1e-3 --epochs 12 --until-solved"


def run(skipctl, name, options, seed):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [skipctl, "train", "--json", "-o", f"{folder}/model", "--seed", str(seed), *COMMON.split(), *options.split()]
        lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = json.loads(lines[-1])
    measure = f"{last['squared_error']:.4f}" if "squared_error" in last else f"{100 * last['accuracy']:.1f} %"
    solved = f"{last['solved_iterations']:,}" if "solved_iterations" in last else f"not within {last['iterations']:,}"
    print(f"| {name} | `{options}` | {solved} | {measure}, {last['updates']:.1f} of {last['timesteps']} read | {seconds:.0f} s |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only runs whose name begins so")
    parser.add_argument("--skipctl", default=".build/release/skipctl")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| run | options | solved after | at the end | CPU time |\n|---|---|---|---|---|", flush=True)
    for name, options in RUNS.items():
        if not arguments.names or any(name.startswith(wanted) for wanted in arguments.names):
            run(arguments.skipctl, name, options, arguments.seed)


if __name__ == "__main__":
    main()
