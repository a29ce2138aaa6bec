"""The net back from the file that is served: int8 weights become float again.

What is shipped is `model.onnx` alone, so fine-tuning starts there. Linear layers are int8 with a
scale per output channel, the table of pieces int8 with a scale per row; biases, norms and positions
are float. Names and sizes, the number of layers among them, are read from the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from guardrail.errors import ConfigError, Mistake
from guardrail.train.net import Companion, Config

__all__ = ["Start", "rebuilt"]

Array = np.ndarray[Any, Any]
PRODUCTS = ("MatMul", "MatMulInteger", "Gemm")
FAILURES = (DecodeError, KeyError, IndexError, ValueError, TypeError, RuntimeError, StopIteration)
"""What another graph than ours comes to."""


@dataclass(frozen=True, slots=True)
class Start:
    """A net to start from.

    `grid` holds the step between two int8 weights, (out, 1), by the name of the weight; a layer that
    is float in the file is not in it.
    """

    net: Companion
    grid: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Graph:
    tensors: Mapping[str, Array]
    nodes: tuple[Any, ...]
    makers: Mapping[str, Any]  # the node that makes a value

    @classmethod
    def of(cls, content: bytes) -> _Graph:
        graph = onnx.load_model_from_string(content).graph
        tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                tensors[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            elif node.op_type == "Identity" and node.input[0] in tensors:
                tensors[node.output[0]] = tensors[node.input[0]]
        makers = {name: node for node in graph.node for name in node.output}
        return cls(tensors, tuple(graph.node), makers)

    def shape(self, value: str) -> list[int | None]:
        """A shape that the graph puts together; `None` where it depends on the input."""
        if value in self.tensors:
            return [int(size) for size in self.tensors[value].reshape(-1)]
        maker = self.makers[value]
        if maker.op_type != "Concat":
            return [None]
        return [size for part in maker.input for size in self.shape(part)]


def rebuilt(content: bytes, place: str) -> Start:
    """The net that a model.onnx holds, on the CPU, ready to answer.

    `content` is the file, `place` its path, for the message.

    Raises:
        ConfigError: it is not a graph of this net.
    """
    try:
        graph = _Graph.of(content)
        linear = {name: (weight, step) for name, weight, step in _linear(graph)}
        config = _config(graph, linear)
        state = {name: torch.tensor(array) for name, array in _state(graph, linear).items()}
        net = Companion(config)
        net.load_state_dict(state)
    except FAILURES as error:
        problem = f"is not a net that can be trained on: {type(error).__name__}: {error}"
        hint = "start from a folder that came with guardrail, or that guardrail train wrote"
        raise ConfigError([Mistake(place, 0, problem, hint)]) from error
    grid = {name: torch.tensor(step) for name, (_, step) in linear.items() if step is not None}
    return Start(net.eval(), grid)


def _linear(graph: _Graph) -> Iterator[tuple[str, Array, Array | None]]:
    """Name, weight (out, in) and step (out, 1) of every product with a fixed matrix."""
    for node in graph.nodes:
        if node.op_type not in PRODUCTS or node.input[1] not in graph.tensors:
            continue
        name, weight = f"{_module(node)}.weight", graph.tensors[node.input[1]]
        if node.op_type == "MatMulInteger":
            stem = node.input[1].removesuffix("_quantized")
            step, zero = graph.tensors[f"{stem}_scale"], graph.tensors[node.input[3]]
            whole = weight.astype(np.int32) - zero.astype(np.int32)
            yield name, (whole * step).astype(np.float32).T, step.reshape(-1, 1)
        else:
            across = node.op_type == "Gemm" and _attribute(node, "transB", 0)
            yield name, weight if across else weight.T, None


def _config(graph: _Graph, linear: Mapping[str, tuple[Array, Array | None]]) -> Config:
    vocab, hidden = graph.tensors["word.table"].shape
    norm = next(n for n in graph.nodes if n.op_type == "LayerNormalization")
    reshape = next(n for n in graph.nodes if n.op_type == "Reshape")  # batch, length, 3, heads, …
    heads = graph.shape(reshape.input[1])[3]
    if heads is None:
        raise ValueError("the number of heads is not fixed")
    return Config(
        vocab=vocab,
        hidden=hidden,
        layers=sum(name.endswith(".qkv.weight") for name in linear),
        heads=heads,
        inner=linear["layers.0.up.weight"][0].shape[0],
        positions=graph.tensors["position.weight"].shape[0],
        eps=float(_attribute(norm, "epsilon", 1e-5)),
        outputs=linear["head.weight"][0].shape[0],
    )


def _state(graph: _Graph, linear: Mapping[str, tuple[Array, Array | None]]) -> dict[str, Array]:
    """The weights by their names in the net.

    They are found by the nodes that use them: of several that are equal the exporter keeps one.
    """
    state = {name: weight for name, (weight, _) in linear.items()}
    for node in graph.nodes:
        name = _module(node)
        fixed = [graph.tensors[value] for value in node.input if value in graph.tensors]
        if node.op_type == "LayerNormalization":
            state[f"{name}.weight"], state[f"{name}.bias"] = fixed
        elif node.op_type == "Gemm" or (node.op_type == "Add" and f"{name}.weight" in linear):
            state[f"{name}.bias"] = fixed[-1]
    for name in ("position.weight", "segment.weight"):
        state[name] = graph.tensors[name]
    state["word.weight"] = graph.tensors["word.table"] * graph.tensors["word.scale"]
    return {name: np.array(array, np.float32) for name, array in state.items()}


def _module(node: Any) -> str:
    """The exporter names a node after its module: `/layers.0/qkv/MatMul_quant`, `/head/Gemm_Add`."""
    return str(node.name).strip("/").rpartition("/")[0].replace("/", ".")


def _attribute(node: Any, name: str, otherwise: Any) -> Any:
    found = [onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return found[0] if found else otherwise
