#!/usr/bin/env python3
"""Writes Fixtures/torch/*.safetensors: what torch.nn.GRU and torch.nn.LSTM compute, for TorchParityTests.

Run by hand where torch and safetensors are installed:

    python3 Tests/Fixtures/make_torch_vectors.py

A file holds a state_dict as `torch.save` would have it (a module `encoder` and a linear layer `classifier`), learned
initial states under the model file's names, `input` (B, T, F), and what torch makes of it, computed in float64:
`expected/h` (B, T, H) of the top layer and `expected/outputs` (B, C) of the last timestep.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

BATCH, TIMESTEPS, FEATURES, CLASSES = 2, 20, 3, 4


class Network(torch.nn.Module):
    def __init__(self, cell, hidden, layers, bias):
        super().__init__()
        self.encoder = cell(FEATURES, hidden, layers, batch_first=True, bias=bias)
        self.classifier = torch.nn.Linear(hidden, CLASSES)


def vectors(kind, hidden, layers, bias=True):
    torch.manual_seed(1000 * layers + hidden)
    network = Network(getattr(torch.nn, kind), hidden, layers, bias)
    parts = ["h"] if kind == "GRU" else ["h", "c"]
    # Weights, states and inputs are float32 values, so that both sides start from the same numbers.
    start = {part: torch.randn(layers, hidden) for part in parts}
    inputs = torch.randn(BATCH, TIMESTEPS, FEATURES)
    tensors = dict(network.state_dict())
    for part in parts:
        for layer in range(layers):
            tensors[f"initial_state.{part}_l{layer}"] = start[part][layer].clone()
    network.double()
    states = [start[part].double().unsqueeze(1).expand(-1, BATCH, -1).contiguous() for part in parts]
    with torch.no_grad():
        h, _ = network.encoder(inputs.double(), states[0] if kind == "GRU" else tuple(states))
        outputs = network.classifier(h[:, -1])
    tensors.update({"input": inputs, "expected/h": h.contiguous(), "expected/outputs": outputs})
    name = f"{kind.lower()}_{layers}x{hidden}{'' if bias else '_nobias'}"
    # .double() above replaced the module's parameters, not the tensors that state_dict handed out before.
    assert all(value.dtype == torch.float32 for key, value in tensors.items() if not key.startswith("expected/"))
    path = Path(__file__).parent / "torch" / f"{name}.safetensors"
    path.parent.mkdir(exist_ok=True)
    save_file(tensors, path, {"torch": torch.__version__.split("+")[0], "cell": kind})
    print(path.name)


for kind in ("GRU", "LSTM"):
    for layers in (1, 2):
        for hidden in (5, 16):
            vectors(kind, hidden, layers)
    vectors(kind, 5, 1, bias=False)
