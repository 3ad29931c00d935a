"""One step of a GRU with its classification and its state update gate, as ONNX Runtime and PyTorch compute it: x (B, F), h (B, H) -> h, p (B, C), increment (B, 1)."""

import numpy as np


def made(hidden, features=6, classes=7):
    """Weights by chance under the names of model files."""
    numbers = np.random.default_rng(hidden)
    shapes = {
        "rnn.weight_ih_l0": (3 * hidden, features), "rnn.weight_hh_l0": (3 * hidden, hidden), "rnn.bias_ih_l0": (3 * hidden,),
        "state_update_gate.weight": (1, hidden), "state_update_gate.bias": (1,), "head.weight": (classes, hidden), "head.bias": (classes,),
    }
    return {name: (numbers.uniform(-1, 1, shape) / np.sqrt(hidden)).astype(np.float32) for name, shape in shapes.items()}


class ONNXEngine:
    """ONNX Runtime on one thread: the GRU operator, which resets before the product as the authors' cell does."""

    def __init__(self, weights):
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        hidden = weights["rnn.weight_hh_l0"].shape[1]
        # ONNX orders the gates z, r, n; the files r, z, n.
        def reordered(name):
            r, z, n = np.split(weights[name], 3)
            return np.concatenate([z, r, n])
        bias = np.concatenate([reordered("rnn.bias_ih_l0"), np.zeros(3 * hidden, np.float32)])
        constants = {
            "W": reordered("rnn.weight_ih_l0")[None], "R": reordered("rnn.weight_hh_l0")[None], "B": bias[None], "zero": np.array([0], np.int64),
            "head": weights["head.weight"].T.copy(), "head_bias": weights["head.bias"],
            "gate": weights["state_update_gate.weight"].T.copy(), "gate_bias": weights["state_update_gate.bias"],
        }
        nodes = [
            helper.make_node("Unsqueeze", ["x", "zero"], ["sequence"]), helper.make_node("Unsqueeze", ["h", "zero"], ["state"]),
            helper.make_node("GRU", ["sequence", "W", "R", "B", "", "state"], ["", "next"], hidden_size=hidden, linear_before_reset=0),
            helper.make_node("Squeeze", ["next", "zero"], ["h_next"]),
            helper.make_node("Gemm", ["h_next", "head", "head_bias"], ["logits"]), helper.make_node("Softmax", ["logits"], ["p"]),
            helper.make_node("Gemm", ["h_next", "gate", "gate_bias"], ["logit"]), helper.make_node("Sigmoid", ["logit"], ["increment"]),
        ]
        def value(name, width):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", width])
        graph = helper.make_graph(
            nodes, "gru", [value("x", constants["W"].shape[2]), value("h", hidden)],
            [value("h_next", hidden), value("p", len(weights["head.bias"])), value("increment", 1)],
            [numpy_helper.from_array(array, name) for name, array in constants.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.version = onnxruntime.__version__

    def step(self, x, h):
        return self.session.run(None, {"x": x, "h": h})

    def zero_state(self, batch, hidden):
        return np.zeros((batch, hidden), np.float32)

    def input(self, x):
        return x


class TorchEngine:
    """PyTorch on one thread, without gradients: nn.GRUCell, which resets after the product and so is not the same function, but the same work."""

    def __init__(self, weights):
        import torch

        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        hidden, features = weights["rnn.weight_hh_l0"].shape[1], weights["rnn.weight_ih_l0"].shape[1]
        self.torch, self.version = torch, torch.__version__
        def tensor(name):
            return torch.from_numpy(weights[name].copy())
        cell = torch.nn.GRUCell(features, hidden)
        cell.load_state_dict({
            "weight_ih": tensor("rnn.weight_ih_l0"), "weight_hh": tensor("rnn.weight_hh_l0"), "bias_ih": tensor("rnn.bias_ih_l0"),
            "bias_hh": torch.zeros(3 * hidden)})
        self.cell = cell.eval()
        self.head = torch.nn.functional.linear, tensor("head.weight"), tensor("head.bias")
        self.gate = torch.nn.functional.linear, tensor("state_update_gate.weight"), tensor("state_update_gate.bias")

    def step(self, x, h):
        h = self.cell(x, h)
        linear, weight, bias = self.head
        p = self.torch.softmax(linear(h, weight, bias), 1)
        linear, weight, bias = self.gate
        return h, p, self.torch.sigmoid(linear(h, weight, bias))

    def zero_state(self, batch, hidden):
        return self.torch.zeros(batch, hidden)

    def input(self, x):
        return self.torch.from_numpy(x.copy())


engines = {"onnxruntime": ONNXEngine, "torch": TorchEngine}
