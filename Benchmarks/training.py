#!/usr/bin/env python3
"""Seconds per epoch of `skipctl train` and of the same Skip GRU written plainly in PyTorch, on the same cores in one run.

    python3 Benchmarks/training.py [--skipctl .build/release/skipctl] [--rounds 3]

Needs torch, numpy and safetensors from PyPI. For each setting both begin with equal weights; 50 steps on one batch must
give equal losses (largest difference printed), then both are timed in turns on 16 batches an epoch; the median counts.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from safetensors.numpy import save_file

COST, RATE, CLIP = 1e-4, 1e-3, 1.0


class Binarize(torch.autograd.Function):
    """1 where the sum exceeds one half; the straight-through estimator backwards."""

    @staticmethod
    def forward(context, x):
        return (x > 0.5).to(x.dtype)

    @staticmethod
    def backward(context, gradient):
        return gradient


class SkipGRU(torch.nn.Module):
    """Equations of Campos et al. 2018, as the authors' cell has them; one sequence position at a time."""

    def __init__(self, weights):
        super().__init__()
        for name, value in weights.items():
            self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(torch.from_numpy(value.copy())))
        self.hidden = weights["rnn.weight_hh_l0"].shape[1]
        self.steps = 0

    def forward(self, x):
        batch, hidden = x.shape[1], self.hidden
        w_x, w_h, b = self.rnn_weight_ih_l0, self.rnn_weight_hh_l0, self.rnn_bias_ih_l0
        h = self.initial_state_h_l0.expand(batch, hidden)
        increment, total = torch.ones(batch, 1), torch.zeros(batch, 1)
        updates = 0
        for x_t in x:
            gates = torch.sigmoid(x_t @ w_x[: 2 * hidden].T + h @ w_h[: 2 * hidden].T + b[: 2 * hidden])
            r, z = gates.chunk(2, dim=1)
            n = torch.tanh(x_t @ w_x[2 * hidden :].T + (r * h) @ w_h[2 * hidden :].T + b[2 * hidden :])
            candidate = z * h + (1 - z) * n
            new_increment = torch.sigmoid(candidate @ self.state_update_gate_weight.T + self.state_update_gate_bias)
            # Not torch.minimum: of equal arguments the first one takes the whole derivative in the authors' code.
            before = total + torch.where(increment <= 1 - total, increment, 1 - total)
            u = Binarize.apply(before)
            h = u * candidate + (1 - u) * h
            increment = u * new_increment + (1 - u) * increment
            total = (1 - u) * before
            updates = updates + u
        return h @ self.head_weight.T + self.head_bias, updates


def step(model, optimizer, x, labels):
    optimizer.zero_grad()
    logits, updates = model(x)
    loss = torch.nn.functional.cross_entropy(logits, labels) + COST * updates.mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    # TensorFlow's Adam, the authors' and skipctl's, adds epsilon to the root before its correction; PyTorch's after it.
    for group in optimizer.param_groups:
        model.steps += 1
        group["eps"] = 1e-8 / math.sqrt(1 - 0.999**model.steps)
    optimizer.step()
    return loss.item()


def weights_of(rng, features, hidden, classes):
    def uniform(shape, fan):
        limit = math.sqrt(6 / fan)
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    bias = np.zeros(3 * hidden, np.float32)
    bias[: 2 * hidden] = 1
    return {
        "rnn.weight_ih_l0": uniform((3 * hidden, features), features + 3 * hidden),
        "rnn.weight_hh_l0": uniform((3 * hidden, hidden), features + 3 * hidden),
        "rnn.bias_ih_l0": bias,
        "initial_state.h_l0": rng.normal(0, 1, hidden).astype(np.float32),
        "state_update_gate.weight": uniform((1, hidden), hidden + 1),
        "state_update_gate.bias": np.ones(1, np.float32),
        "head.weight": uniform((classes, hidden), hidden + classes),
        "head.bias": np.zeros(classes, np.float32),
    }


def write(folder, weights, x, labels):
    """Recording and model files; the normalisation is the identity, so that both read the same numbers."""
    count, length, features = x.shape
    classes = weights["head.weight"].shape[0]
    names = json.dumps([str(i) for i in range(classes)])
    save_file(
        {"samples": x.reshape(-1, features), "lengths": np.full(count, length, np.int64), "labels": labels},
        os.path.join(folder, "data.safetensors"),
        metadata={"format": "skip-recordings", "version": "1", "labels": names})
    save_file(
        {**weights, "input.mean": np.zeros(features, np.float32), "input.std": np.ones(features, np.float32)},
        os.path.join(folder, "initial.safetensors"),
        metadata={"format": "skip-model", "version": "1", "cell": "skip_gru", "gru_variant": "reset_before",
                  "task": "classification", "labels": names})


def train(skipctl, folder, batch, epochs):
    output = subprocess.run(
        [skipctl, "train", os.path.join(folder, "data.safetensors"), "--initial", os.path.join(folder, "initial.safetensors"),
         "--model", os.path.join(folder, "out.safetensors"), "--batch", str(batch), "--epochs", str(epochs), "--learning-rate", str(RATE),
         "--clip", str(CLIP), "--cost-per-sample", str(COST), "--json", "--checkpoint-interval", "3600"],
        check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if '"epoch"' in line]


def compare(skipctl, rounds, features, hidden, length, batch, classes=10, batches=16):
    rng = np.random.default_rng(hidden)
    weights = weights_of(rng, features, hidden, classes)
    labels = rng.integers(0, classes, batch * batches)
    labels[:classes] = np.arange(classes)
    x = rng.normal(0, 1, (batch * batches, length, features)).astype(np.float32)
    x += 0.5 * np.sin(labels)[:, None, None].astype(np.float32)

    with tempfile.TemporaryDirectory() as folder:
        write(folder, weights, x[:batch], labels[:batch])
        ours = [epoch["loss"] for epoch in train(skipctl, folder, batch, 50)]
        model = SkipGRU(weights)
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        first = torch.from_numpy(np.ascontiguousarray(x[:batch].transpose(1, 0, 2))), torch.from_numpy(labels[:batch])
        theirs = [step(model, optimizer, *first) for _ in range(50)]
        difference = max(abs(a - b) for a, b in zip(ours, theirs))

        write(folder, weights, x, labels)
        times = {"skipctl": [], "PyTorch": []}
        for _ in range(rounds):
            times["skipctl"] += [epoch["seconds"] for epoch in train(skipctl, folder, batch, 4)[1:]]
            model = SkipGRU(weights)
            optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
            for epoch in range(2):
                begin = time.perf_counter()
                for i in range(batches):
                    part = slice(i * batch, (i + 1) * batch)
                    step(model, optimizer, torch.from_numpy(np.ascontiguousarray(x[part].transpose(1, 0, 2))), torch.from_numpy(labels[part]))
                if epoch > 0:
                    times["PyTorch"].append(time.perf_counter() - begin)
    mine, other = (statistics.median(times[name]) for name in ("skipctl", "PyTorch"))
    print(f"H = {hidden}, T = {length}, F = {features}, batch {batch}, {batches} batches: skipctl {mine:.3f} s an epoch "
          f"({min(times['skipctl']):.3f}–{max(times['skipctl']):.3f}), PyTorch {other:.3f} s ({min(times['PyTorch']):.3f}–{max(times['PyTorch']):.3f}): "
          f"{other / mine:.1f} times; losses of 50 steps from {theirs[0]:.4f} to {theirs[-1]:.4f} differ by at most {difference:.1e}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipctl", default=".build/release/skipctl")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, Python {sys.version.split()[0]}", flush=True)
    compare(arguments.skipctl, arguments.rounds, features=6, hidden=48, length=200, batch=64)
    compare(arguments.skipctl, arguments.rounds, features=2, hidden=110, length=50, batch=256)
